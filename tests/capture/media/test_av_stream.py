"""Live streams and recordings behind URLs that are no Motion JPEG over HTTP, read by PyAV from real servers."""

import contextlib
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from capture.sources.media import MediaSource
from tests.capture import jpegs
from tests.capture.media import clips
from tests.capture.media.clips import COLOURS, colour
from tests.capture.media.mjpeg_camera import Call, IpCamera, ok, saying
from tests.capture.media.rtsp_camera import RtspCamera
from tests.capture.media.watching import ANY_SIZE, LOGIN, draining, every_frame, failure, opened, pictures
from tests.processes import DEADLINE_SECONDS, wait_until
from tests.programs import need

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


def endless(content_type: str, data: bytes) -> IpCamera:
    """Sends all it has at once, and then keeps still."""

    def answer(call: Call) -> None:
        call.send(ok(content_type, data))
        call.keep()

    return IpCamera(answer)


@pytest.mark.parametrize("scheme", ["tcp", "rtmp"])
def test_a_refused_connection(scheme: str, free_port: int) -> None:
    assert failure(f"{scheme}://{LOGIN}@127.0.0.1:{free_port}/v") == (
        f"{scheme}://127.0.0.1:{free_port}/v: refuses the connection; "
        "check that the camera is on and that the port is right"
    )


def test_a_protocol_that_ffmpeg_does_not_know() -> None:
    assert failure(f"xyzzy://{LOGIN}@127.0.0.1/v") == "xyzzy://127.0.0.1/v: FFmpeg says: Protocol not found"


@pytest.mark.medium
@pytest.mark.parametrize("scheme", ["http", "tcp"])
@pytest.mark.parametrize(
    ("container", "kind"),
    [("flv", "video/x-flv"), ("matroska", "video/x-matroska"), ("mpegts", "video/mp2t"), ("mpeg", "")],
)
def test_live_video_in_any_container(container: str, kind: str, scheme: str, tmp_path: Path) -> None:
    clip = clips.of_colours(tmp_path / "clip.h264", "libx264", COLOURS * 10, size=(320, 240))
    data = clips.remuxed(clip, container)
    if scheme == "http":
        with endless(kind, data) as server, opened(server.url()) as source:
            assert colour(next(pictures(source)).jpeg) in COLOURS
        return
    with TcpSender(data) as camera:
        source = MediaSource(camera.url, ANY_SIZE, 30, 80)
        source.open()
        assert colour(next(pictures(source)).jpeg) in COLOURS
        camera.hang_up()
        source.close()
        wait_until(lambda: not draining(), "the thread to end")


@pytest.mark.medium
@pytest.mark.parametrize("container", ["flv", "matroska"])
def test_live_video_over_http_that_goes_silent_is_reported(container: str, h264: Path) -> None:
    data = clips.remuxed(h264, container)
    with endless("video/x-unknown", data) as server:
        assert failure(server.url(), SHORT) == f"{server.url()}: sent nothing for {SHORT:g} seconds"


@pytest.mark.medium
def test_a_server_that_sends_no_video_to_its_first_byte_is_reported() -> None:
    with endless("video/x-flv", b"") as server:
        assert failure(server.url(), SHORT) == f"{server.url()}: sent nothing for {SHORT:g} seconds"


@pytest.mark.slow
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


class Sender:
    """Sends a transport stream packet by packet, when the test says so."""

    def __init__(self, data: bytes) -> None:
        self.packets = [data[at : at + 188] for at in range(0, len(data), 188)]
        self._calls: list[Call] = []

    def __call__(self, call: Call) -> None:
        call.send(ok("video/mp2t"))
        self._calls.append(call)
        call.keep()

    def send(self, packets: list[bytes]) -> None:
        wait_until(lambda: self._calls, "somebody to watch")
        self._calls[-1].send(b"".join(packets))


@pytest.mark.parametrize(("codec", "file"), [("libx264", "a.ts"), ("libx265", "b.ts")])
def test_a_picture_of_a_transport_stream_is_out_with_its_last_packet(codec: str, file: str, tmp_path: Path) -> None:
    clip = clips.of_colours(tmp_path / file, codec, COLOURS * 3, fps=5)
    sender = Sender(clip.read_bytes())
    begins = [
        number
        for number, packet in enumerate(sender.packets)
        if packet[1] & 0x40 and b"\0\0\1\xe0" in packet  # the start code of PES packets of the first video stream
    ]
    assert len(begins) == len(COLOURS) * 3
    with IpCamera(sender) as server:
        source = MediaSource(server.url(), ANY_SIZE, 30, 80)
        with contextlib.closing(source):
            opening = threading.Thread(target=source.open)
            opening.start()
            for number, begin in enumerate(begins):
                end = begins[number + 1] if number + 1 < len(begins) else len(sender.packets)
                sender.send(sender.packets[0 if number == 0 else begin : end])
                opening.join(DEADLINE_SECONDS)
                assert colour(next(pictures(source)).jpeg) == COLOURS[number % len(COLOURS)]
            assert source.damaged == 0


def test_a_transport_stream_that_is_not_over_http_is_out_with_its_last_packet(transport_stream: bytes) -> None:
    with TcpSender(transport_stream) as camera:
        source = MediaSource(camera.url, ANY_SIZE, 30, 80)
        source.open()
        last = ""
        while last != COLOURS[-1]:  # the last picture of the clip: nothing follows it
            last = colour(next(pictures(source)).jpeg)
        assert source.damaged == 0
        camera.hang_up()
        source.close()
        wait_until(lambda: not draining(), "the thread to end")


class TcpSender:
    """Sends its data to whoever connects, and then keeps still."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._clients: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(DEADLINE_SECONDS)
        self._listener.close()
        for client in self._clients:
            client.close()

    def hang_up(self) -> None:
        """End all connections; not those that clients make again meanwhile."""
        for client in list(self._clients):
            with contextlib.suppress(OSError):  # the client was faster
                client.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._clients.append(client)
            with contextlib.suppress(OSError):
                client.sendall(self._data)


@pytest.mark.medium
def test_a_transport_stream_without_video_is_refused(tmp_path: Path) -> None:
    sound = tmp_path / "sound.ts"
    subprocess.run(
        [need("ffmpeg"), "-v", "error", "-f", "lavfi", "-i", "sine=duration=3", "-f", "mpegts", str(sound)], check=True
    )

    def answer(call: Call) -> None:
        call.send(ok("video/mp2t"))
        while True:
            call.send(sound.read_bytes())
            time.sleep(0.05)

    with IpCamera(answer) as server:
        assert failure(server.url(), SHORT) == (
            f"{server.url()}: sends a transport stream without video that framebus knows (H.264, H.265, MPEG-4, "
            "MPEG-2); choose one of them in the camera"
        )


@pytest.mark.slow
def test_a_transport_stream_over_http_that_falls_silent(transport_stream: bytes) -> None:
    with endless("video/mp2t", transport_stream) as server:
        assert failure(server.url(login=LOGIN), SHORT) == f"{server.url()}: sent nothing for 0.5 seconds"


def test_motion_jpeg_in_a_live_container_comes_through_untouched(tmp_path: Path) -> None:
    clip = clips.of_jpegs(tmp_path / "clip.ts.mkv", PICTURES)
    with endless("video/x-matroska", clip.read_bytes()) as server, opened(server.url()) as source:
        assert next(pictures(source)).jpeg in PICTURES


@pytest.mark.slow
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
def test_a_stream_that_hangs_in_ffmpeg_is_not_waited_for(tmp_path: Path) -> None:
    clip = clips.of_colours(tmp_path / "clip.mkv", "libx264", COLOURS * 10, size=(320, 240)).read_bytes()
    with TcpSender(clip) as camera:
        source = MediaSource(f"{camera.url}?listen=0", ANY_SIZE, 30, 80, patience_seconds=1000)
        source.open()
        wait_until(lambda: source.read(every_frame(), 1) is None, "the camera to keep still")
        source.close()
        assert draining()
        camera.hang_up()
        source.open()
        assert colour(next(pictures(source)).jpeg) in COLOURS
        camera.hang_up()
        source.close()
        wait_until(lambda: not draining(), "the thread to end")


@pytest.mark.medium
def test_a_stream_over_http_that_hangs_is_woken(tmp_path: Path) -> None:
    clip = clips.of_colours(tmp_path / "clip.mkv", "libx264", COLOURS * 10, size=(320, 240)).read_bytes()
    with endless("video/x-matroska", clip) as server:
        source = MediaSource(server.url(), ANY_SIZE, 30, 80, patience_seconds=1000)
        source.open()
        wait_until(lambda: source.read(every_frame(), 1) is None, "the camera to keep still")
        source.close()
        wait_until(lambda: not draining(), "the thread to end, though the camera keeps still")


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
