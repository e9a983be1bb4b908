"""Live streams and recordings behind URLs that are no Motion JPEG over HTTP, read by PyAV from real servers."""

import contextlib
import subprocess
import sys
import time
from pathlib import Path

import av
import pytest

from capture.media import av_stream
from capture.media.rtsp.session import Transport
from capture.source import SourceError
from capture.sources.media import MediaOptions, MediaSource
from tests.capture import jpegs
from tests.capture.media import clips
from tests.capture.media.clips import COLOURS, colour
from tests.capture.media.mjpeg_camera import Call, IpCamera, ok, refusing, saying, silent
from tests.capture.media.rtsp_camera import RtspCamera
from tests.capture.media.watching import ANY_SIZE, LOGIN, draining, every_frame, failure, opened, pictures
from tests.processes import DEADLINE_SECONDS, wait_until

PICTURES = [jpegs.jpeg(clips.SIZE, quality=quality) for quality in range(30, 80, 10)]
PROJECT = Path(__file__).parents[3]
SHORT = 0.5
"""The patience of tests in which it shall run out."""


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def h264(tmp_path: Path) -> Path:
    return clips.of_colours(tmp_path / "clip.h264", "libx264", COLOURS * 10, size=(320, 240))


@pytest.fixture
def transport_stream(tmp_path: Path) -> bytes:
    return clips.of_colours(tmp_path / "clip.ts", "libx264", COLOURS * 10, size=(320, 240)).read_bytes()


@pytest.mark.parametrize(
    ("raised", "asked"),
    [(TypeError("unexpected keyword argument"), {}), (av.FFmpegError(2, "none"), {"metadata_errors": "replace"})],
    ids=["PyAV 19", "PyAV 18 and older"],
)
def test_metadata_is_lenient_as_each_version_has_it(
    raised: Exception, asked: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise raised

    monkeypatch.setattr(av, "open", refuse)
    assert av_stream.lenient_metadata() == asked


def endless(content_type: str, data: bytes) -> IpCamera:
    """Sends all it has at once, and then keeps still."""

    def answer(call: Call) -> None:
        call.send(ok(content_type, data))
        call.keep()

    return IpCamera(answer)


def test_rtsp(h264: Path) -> None:
    with RtspCamera(h264) as camera:
        with opened(camera.url(LOGIN)) as source:
            assert source.name == camera.url()
            assert colour(next(pictures(source)).jpeg) in COLOURS
            camera.hang_up()
        assert any("RTP/AVP/TCP" in request for request in camera.requests)


def test_rtsp_that_falls_silent(h264: Path) -> None:
    with RtspCamera(h264) as camera:
        assert failure(camera.url(LOGIN), SHORT) == f"{camera.url()}: sent nothing for 0.5 seconds"


def test_rtsp_that_ends_is_asked_for_again_at_once(h264: Path) -> None:
    with RtspCamera(h264) as camera, opened(camera.url(LOGIN)) as source:
        for plays in range(1, 4):
            assert colour(next(pictures(source)).jpeg) in COLOURS
            while source.read(every_frame(), 1) is not None:
                pass
            assert sum(request.startswith("PLAY") for request in camera.requests) == plays
            camera.hang_up()


def test_rtsp_whose_camera_is_gone(h264: Path) -> None:
    with RtspCamera(h264) as camera:
        source = MediaSource(camera.url(LOGIN), ANY_SIZE, 30, 80)
        source.open()
        next(pictures(source))
    with pytest.raises(SourceError) as said:
        for _ in pictures(source):
            pass
    assert str(said.value) == (
        f"{camera.url()}: refuses the connection; check that the camera is on and that the port is right"
    )
    source.close()
    wait_until(lambda: not draining(), "the thread to end")


def test_a_picture_comes_with_its_last_packet_and_not_with_the_next_picture(tmp_path: Path) -> None:
    clip = clips.of_colours(tmp_path / "one.h264", "libx264", COLOURS[:1], size=(320, 240))
    with RtspCamera(clip) as camera, opened(camera.url()) as source:
        before = time.time(), time.monotonic()
        found = next(pictures(source))
        assert colour(found.jpeg) == COLOURS[0]
        assert before[0] - 2 <= found.captured <= time.time()
        assert found.monotonic <= time.monotonic()


def test_hevc_over_rtsp(tmp_path: Path) -> None:
    clip = clips.of_colours(tmp_path / "one.hevc", "libx265", COLOURS[:1], size=(320, 240))
    with RtspCamera(clip, codec="H265") as camera, opened(camera.url()) as source:
        assert colour(next(pictures(source)).jpeg) == COLOURS[0]


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_an_rtsp_login(algorithm: str, h264: Path) -> None:
    with RtspCamera(h264, login="admin:geheim ß", algorithm=algorithm) as camera:
        with opened(camera.url("admin:geheim%20ß")) as source:
            assert colour(next(pictures(source)).jpeg) in COLOURS
        assert failure(camera.url("admin:falsch")) == (
            f"{camera.url()}: answers 401 Unauthorized: it refuses the login; check user and password in the URL"
        )


@pytest.mark.parametrize("transport", ["auto", "udp"])
def test_a_camera_that_refuses_tcp_is_asked_for_udp(transport: Transport, tmp_path: Path) -> None:
    clip = clips.of_colours(tmp_path / "one.h264", "libx264", COLOURS[:1], size=(64, 48))
    with RtspCamera(clip, udp_only=True) as camera:
        options = MediaOptions(transport=transport)
        with contextlib.closing(MediaSource(camera.url(), ANY_SIZE, 30, 80, options=options)) as source:
            source.open()
            assert colour(next(pictures(source)).jpeg) == COLOURS[0]
        tcp = [request for request in camera.requests if "RTP/AVP/TCP" in request]
        assert len(tcp) == (1 if transport == "auto" else 0)
    wait_until(lambda: not draining(), "the thread to end")


def test_a_camera_that_has_sent_no_key_frame_is_waited_for(tmp_path: Path) -> None:
    clip = clips.of_colours(tmp_path / "clip.h264", "libx264", COLOURS * 10, size=(320, 240), gop=999)
    with RtspCamera(clip, skipped_units=1) as camera, opened(camera.url()) as source:
        wait_until(lambda: source.read(every_frame(), 1) is None and source.waiting, "it to wait")
        assert source.waiting == f"{camera.url()}: waiting for a key frame"
        assert source.waiting_limit_seconds > 100


def test_a_wait_for_a_key_frame_has_a_bound(tmp_path: Path) -> None:
    clip = clips.of_colours(tmp_path / "clip.h264", "libx264", COLOURS * 10, size=(320, 240), gop=999)
    with RtspCamera(clip, skipped_units=1) as camera:
        options = MediaOptions(keyframe_seconds=0.0)
        with contextlib.closing(MediaSource(camera.url(), ANY_SIZE, 30, 80, options=options)) as source:
            source.open()
            with pytest.raises(SourceError) as said:
                next(pictures(source))
    assert str(said.value) == (
        f"{camera.url()}: sent no key frame for 0 seconds; lower the key frame interval in the camera, "
        "or raise keyframe_timeout"
    )
    wait_until(lambda: not draining(), "the thread to end")


@pytest.mark.parametrize(
    ("status", "login", "said"),
    [
        (
            "401 Unauthorized",
            LOGIN,
            "answers 401 Unauthorized, but does not say how to log in; check the path in the URL, or switch basic or "
            "digest authentication on in the camera",
        ),
        (
            "401 Unauthorized",
            "",
            "answers 401 Unauthorized: it wants a login; write it into the URL, as in rtsp://USER:PASSWORD@camera/",
        ),
        ("404 Not Found", LOGIN, "answers 404 Not Found; check the path in the URL"),
        ("403 Forbidden", LOGIN, "answers 403 Forbidden; check the path in the URL"),
        (
            "500 Internal Server Error",
            LOGIN,
            "answers 500 Internal Server Error: the camera has a fault of its own; restart it",
        ),
        (
            "454 Session Not Found",
            LOGIN,
            "answers 454; check the path in the URL",
        ),
    ],
)
def test_rtsp_that_refuses(status: str, login: str, said: str, h264: Path) -> None:
    with RtspCamera(h264, refusal=status) as camera:
        assert failure(camera.url(login)) == f"{camera.url()}: {said}"


def test_rtsp_without_an_answer() -> None:
    with IpCamera(silent) as server:
        url = server.url(scheme="rtsp")
        assert failure(server.url(scheme="rtsp", login=LOGIN), SHORT) == (
            f"{url}: no answer within 0.5 seconds; check the address, and restart the camera if it is right"
        )


@pytest.mark.parametrize("scheme", ["rtsp", "tcp", "rtmp"])
def test_nobody_listens(scheme: str, free_port: int) -> None:
    assert failure(f"{scheme}://{LOGIN}@127.0.0.1:{free_port}/v") == (
        f"{scheme}://127.0.0.1:{free_port}/v: refuses the connection; "
        "check that the camera is on and that the port is right"
    )


@pytest.mark.parametrize("host", ["camera.invalid", "camera..local"])
def test_an_unknown_host(host: str) -> None:
    assert failure(f"rtsp://{LOGIN}@{host}/v") == (
        f"rtsp://{host}/v: the host name {host} was not found; check the name, or write the camera's IP address"
    )


def test_a_protocol_that_ffmpeg_does_not_know() -> None:
    assert failure(f"xyzzy://{LOGIN}@127.0.0.1/v") == "xyzzy://127.0.0.1/v: FFmpeg says: Protocol not found"


def test_rtsp_at_the_port_of_http() -> None:
    with IpCamera(refusing("404 Not Found")) as server:
        url = server.url(scheme="rtsp")
        assert failure(server.url(scheme="rtsp", login=LOGIN)) == (
            f"{url}: answers something that is no RTSP; check the port in the URL"
        )


def test_a_transport_stream_over_http_is_decoded_from_its_first_key_frame(transport_stream: bytes) -> None:
    with endless("video/mp2t", transport_stream) as server, opened(server.url(login=LOGIN)) as source:
        assert colour(next(pictures(source)).jpeg) in COLOURS
        assert source.name == server.url()
        calls = len(server.calls)
        for call in server.calls:
            call.hang_up()
        wait_until(
            lambda: source.read(every_frame(), 1) is not None and len(server.calls) > calls, "it to be asked again"
        )


def test_a_transport_stream_over_http_that_falls_silent(transport_stream: bytes) -> None:
    with endless("video/mp2t", transport_stream) as server:
        assert failure(server.url(login=LOGIN), SHORT) == f"{server.url()}: sent nothing for 0.5 seconds"


def test_motion_jpeg_in_a_live_container_comes_through_untouched(tmp_path: Path) -> None:
    clip = clips.of_jpegs(tmp_path / "clip.ts.mkv", PICTURES)
    with endless("video/x-matroska", clip.read_bytes()) as server, opened(server.url()) as source:
        assert next(pictures(source)).jpeg in PICTURES


def test_a_recording_behind_a_url_is_played_like_a_file(tmp_path: Path) -> None:
    data = clips.of_jpegs(tmp_path / "clip.mov", PICTURES, fps=25).read_bytes()
    recording = saying(ok("video/quicktime", data, f"Content-Length: {len(data)}"))
    with IpCamera(recording) as server, opened(server.url()) as source:
        laps, last = 0, -1
        for found in pictures(source):
            number = PICTURES.index(found.jpeg)
            laps += number <= last
            last = number
            if laps == 2:
                break


def test_a_live_playlist_is_refused(transport_stream: bytes) -> None:
    playlist = b"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:1\n" + b"".join(
        b"#EXTINF:1.6,\nclip%d.ts\n" % number for number in range(3)
    )

    def answer(call: Call) -> None:
        is_playlist = call.path == "/video.m3u8"
        kind, data = ("application/vnd.apple.mpegurl", playlist) if is_playlist else ("video/mp2t", transport_stream)
        call.send(ok(kind, data, f"Content-Length: {len(data)}"))

    with IpCamera(answer) as server:
        assert failure(server.url("/video.m3u8")) == (
            f"{server.url('/video.m3u8')}: a live playlist (HLS or DASH), whose pictures are 10 to 30 seconds old; "
            "name the camera's RTSP or MJPEG stream in `source`"
        )


def test_sound_over_http_is_no_video(tmp_path: Path) -> None:
    data = clips.of_silence(tmp_path / "sound.wav").read_bytes()
    with IpCamera(saying(ok("audio/wav", data))) as server:
        assert failure(server.url(login=LOGIN)) == (
            f"{server.url()}: holds audio, but no video; name another in `source`"
        )


@pytest.mark.slow
def test_a_stream_that_hangs_in_ffmpeg_is_not_waited_for(transport_stream: bytes) -> None:
    with endless("video/mp2t", transport_stream) as server:
        source = MediaSource(server.url(), ANY_SIZE, 30, 80, patience_seconds=1000)
        source.open()
        wait_until(lambda: source.read(every_frame(), 1) is None, "the camera to keep still")
        source.close()
        assert draining()
        for call in server.calls:
            call.hang_up()
        source.open()
        assert colour(next(pictures(source)).jpeg) in COLOURS
        for call in server.calls:
            call.hang_up()
        source.close()
        wait_until(lambda: not draining(), "the thread to end")


ENDS_WHILE_FFMPEG_HANGS = """
import sys
from capture.rate_control import RateControl
from capture.sources.media import MediaOptions, MediaSource
from framebus.config.size import Size
source = MediaSource(sys.argv[1], Size(64, 48), 30, 80, patience_seconds=1000)
source.open()
rate_control = RateControl(1000)
while source.read(rate_control, 1) is not None:
    pass
source.close()
"""


@pytest.mark.slow
def test_a_process_can_end_while_a_stream_hangs_in_ffmpeg(h264: Path) -> None:
    with RtspCamera(h264) as camera:
        command = [sys.executable, "-W", "error", "-c", ENDS_WHILE_FFMPEG_HANGS, camera.url()]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=2 * DEADLINE_SECONDS, cwd=PROJECT)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
