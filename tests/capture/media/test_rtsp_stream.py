"""H.264 and H.265 of RTSP cameras, read from real servers and decoded."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest

pytest.importorskip("av", reason="the extra av is not installed")

from capture.media.frame_encoder import FrameEncoder
from capture.media.latest_reader import Arrival, LatestReader
from capture.media.rtsp.session import Transport
from capture.media.rtsp_stream import RtspStream
from capture.media.tls import CameraTls
from capture.media.url import MediaUrl
from capture.source import SourceError
from capture.sources.media import MediaOptions, MediaSource
from framebus.config.size import Size
from tests.capture.media import clips
from tests.capture.media.clips import COLOURS, colour
from tests.capture.media.mjpeg_camera import IpCamera, refusing, silent
from tests.capture.media.rtsp_camera import RtspCamera
from tests.capture.media.watching import ANY_SIZE, LOGIN, draining, every_frame, failure, opened, pictures
from tests.processes import DEADLINE_SECONDS, wait_until

SHORT = 0.5
"""The patience of tests in which it shall run out."""


@pytest.fixture
def h264(tmp_path: Path) -> Path:
    return clips.of_colours(tmp_path / "clip.h264", "libx264", COLOURS * 10, size=(320, 240))


def test_rtsp(h264: Path) -> None:
    with RtspCamera(h264) as camera:
        with opened(camera.url(LOGIN)) as source:
            assert source.name == camera.url()
            assert colour(next(pictures(source)).jpeg) in COLOURS
            camera.hang_up()
        assert any("RTP/AVP/TCP" in request for request in camera.requests)


@pytest.mark.slow
def test_rtsp_that_falls_silent(h264: Path) -> None:
    with RtspCamera(h264) as camera:
        assert failure(camera.url(LOGIN), SHORT) == f"{camera.url()}: sent nothing for 0.5 seconds"


@pytest.mark.slow
def test_rtsp_that_ends_is_asked_for_again_at_once(h264: Path) -> None:
    with RtspCamera(h264) as camera, opened(camera.url(LOGIN)) as source:
        for plays in range(1, 4):
            assert colour(next(pictures(source)).jpeg) in COLOURS
            while source.read(every_frame(), 1) is not None:
                pass
            assert sum(request.startswith("PLAY") for request in camera.requests) == plays
            camera.hang_up()


@pytest.mark.slow
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


@pytest.mark.parametrize(("codec", "file", "encoder"), [("H264", "a.h264", "libx264"), ("H265", "a.hevc", "libx265")])
def test_video_with_too_many_pixels_is_refused(codec: str, file: str, encoder: str, tmp_path: Path) -> None:
    clip = clips.of_colours(tmp_path / file, encoder, COLOURS[:1], size=(640, 480))
    with RtspCamera(clip, codec=codec) as camera:
        assert failure(camera.url(), options=MediaOptions(max_megapixels=0.3)) == (
            f"{camera.url()}: 640x480 are 0.3 megapixels, allowed: at most 0.3 (max_megapixels of this camera)"
        )


def test_an_rtsp_camera_that_takes_basic_without_asking_for_it_gets_it(h264: Path) -> None:
    with RtspCamera(h264, login=LOGIN, algorithm="") as camera, opened(camera.url(LOGIN)) as source:
        assert colour(next(pictures(source)).jpeg) in COLOURS


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


@pytest.mark.slow
def test_a_camera_that_has_sent_no_key_frame_is_waited_for(tmp_path: Path) -> None:
    clip = clips.of_colours(tmp_path / "clip.h264", "libx264", COLOURS * 10, size=(320, 240), gop=999)
    with RtspCamera(clip, skipped_units=1) as camera, opened(camera.url()) as source:
        wait_until(lambda: source.read(every_frame(), 1) is None and source.waiting, "it to wait")
        assert source.waiting == f"{camera.url()}: waiting for a key frame"
        assert source.waiting_limit_seconds > 100


def test_a_wait_for_a_key_frame_has_a_bound(tmp_path: Path) -> None:
    clip = clips.of_colours(tmp_path / "clip.h264", "libx264", COLOURS * 10, size=(320, 240), gop=999)
    with RtspCamera(clip, skipped_units=1) as camera:
        assert failure(camera.url(), options=MediaOptions(keyframe_seconds=0.0)) == (
            f"{camera.url()}: sent no key frame for 0 seconds; lower the key frame interval in the camera, "
            "or raise keyframe_timeout"
        )


@pytest.mark.parametrize(
    ("status", "login", "said"),
    [
        (
            "401 Unauthorized",
            LOGIN,
            "answers 401 Unauthorized, does not say how to log in, and refuses Basic; check user, password and path in "
            "the URL, or switch basic or digest authentication on in the camera",
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


@pytest.mark.slow
def test_rtsp_without_an_answer() -> None:
    with IpCamera(silent) as server:
        url = server.url(scheme="rtsp")
        assert failure(server.url(scheme="rtsp", login=LOGIN), SHORT) == (
            f"{url}: no answer within 0.5 seconds; check the address, and restart the camera if it is right"
        )


@pytest.mark.parametrize("host", ["camera.invalid", "camera..local"])
def test_an_unknown_host(host: str) -> None:
    assert failure(f"rtsp://{LOGIN}@{host}/v") == (
        f"rtsp://{host}/v: the host name {host} was not found; check the name, or write the camera's IP address"
    )


def test_rtsp_at_the_port_of_http() -> None:
    with IpCamera(refusing("404 Not Found")) as server:
        url = server.url(scheme="rtsp")
        assert failure(server.url(scheme="rtsp", login=LOGIN)) == (
            f"{url}: does not speak RTSP; check the port in the URL"
        )


def test_a_refused_connection(free_port: int) -> None:
    assert failure(f"rtsp://{LOGIN}@127.0.0.1:{free_port}/v") == (
        f"rtsp://127.0.0.1:{free_port}/v: refuses the connection; "
        "check that the camera is on and that the port is right"
    )


def test_another_codec_is_left_to_another_stream(h264: Path) -> None:
    other = AnotherStream()
    with RtspCamera(h264, codec="JPEG") as camera, closing(rtsp_stream(camera.url(), other)) as stream:
        stream.open()
        assert other.calls == ["open"]
        assert [arrival.jpeg() for arrival in stream.arrivals(cast(LatestReader, None))] == [b"of the other"]
        stream.interrupt()
        assert (stream.lost, other.calls) == (3, ["open", "interrupt"])
    assert other.calls == ["open", "interrupt", "close"]
    assert [request.partition(" ")[0] for request in camera.requests] == ["OPTIONS", "DESCRIBE"]


def test_a_stream_that_was_never_opened_can_be_interrupted_and_closed() -> None:
    stream = rtsp_stream("rtsp://camera.invalid/v", AnotherStream())
    stream.interrupt()
    stream.close()
    assert (stream.lost, stream.waiting, stream.repairs) == (0, "", {})


def test_packets_of_another_payload_type_are_no_video(h264: Path) -> None:
    """Such as a second track that the camera sends in the channel of the first."""
    with OtherPayloads(h264) as camera, closing(rtsp_stream(camera.url(), AnotherStream(), patience=0.2)) as stream:
        stream.open()
        with pytest.raises(SourceError, match=r"sent nothing for 0\.2 seconds"):
            next(stream.arrivals(cast(LatestReader, None)))
        assert stream.waiting == ""


class OtherPayloads(RtspCamera):
    """Names another payload type in its description than its packets have."""

    def _description(self) -> bytes:
        return super()._description().replace(b"AVP 96", b"AVP 97").replace(b"rtpmap:96", b"rtpmap:97")


class AnotherStream:
    """What reads the codecs that are not decoded here."""

    lost = 3
    waiting = ""
    repairs: Mapping[str, int] = {}

    def __init__(self) -> None:
        self.calls: list[str] = []

    def open(self) -> None:
        self.calls.append("open")

    def arrivals(self, latest_reader: LatestReader) -> Iterator[Arrival]:
        yield Arrival(b"of the other", 0.0, 0.0)

    def interrupt(self) -> None:
        self.calls.append("interrupt")

    def close(self) -> None:
        self.calls.append("close")


def rtsp_stream(url: str, other: AnotherStream, patience: float = DEADLINE_SECONDS) -> RtspStream:
    return RtspStream(
        MediaUrl.parse(url),
        "camera",
        FrameEncoder(Size(320, 240), 80),
        lambda: other,
        CameraTls(),
        patience=patience,
        keyframe_seconds=DEADLINE_SECONDS,
        max_megapixels=None,
        transport="tcp",
    )
