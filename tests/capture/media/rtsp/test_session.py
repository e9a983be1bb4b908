"""One RTSP session against a camera: what is asked in which order, and what every answer leads to."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from capture.media.latest_reader import Interrupted
from capture.media.rtsp.rtp import RtpPacket
from capture.media.rtsp.session import LOGIN_AGAIN_SECONDS, RtspSession, Transport
from capture.media.tls import CameraTls
from capture.media.url import MediaUrl
from capture.source import SourceError
from tests.capture.media.rtsp_camera import PAYLOAD_TYPE, RtspCamera
from tests.processes import DEADLINE_SECONDS, wait_until

UNITS = [b"\x67sps", b"\x68pps", b"\x65\x88idr", b"\x41\x9aone", b"\x41\x9atwo"]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Five NAL units, which no decoder has to understand."""
    file = tmp_path / "clip.h264"
    file.write_bytes(b"".join(b"\0\0\0\1" + unit for unit in UNITS))
    return file


class Described(RtspCamera):
    """A camera with a description, a session header or more headers of a test's own."""

    lines: tuple[str, ...] = ()
    session = ""
    more = ""
    public = ""

    def _description(self) -> bytes:
        return "".join(f"{line}\r\n" for line in self.lines).encode() if self.lines else super()._description()

    def _answer(self, request: str) -> bytes:
        answer = super()._answer(request)
        if self.public:
            answer = answer.replace(b"Public: ", f"Public: {self.public}, ".encode(), 1)
        if self.session:
            answer = answer.replace(b"Session: 1\r\n", f"Session: {self.session}\r\n".encode(), 1)
        if self.more and request.startswith("DESCRIBE"):
            answer = answer.replace(b"\r\n", f"\r\n{self.more}\r\n".encode(), 1)
        return answer


@contextlib.contextmanager
def session(
    url: str, transport: Transport = "tcp", patience: float = DEADLINE_SECONDS, login_again: float = LOGIN_AGAIN_SECONDS
) -> Iterator[RtspSession]:
    made = RtspSession(MediaUrl.parse(url), "camera", patience, CameraTls(), transport, login_again)
    with contextlib.closing(made):
        made.connect()
        yield made


@contextlib.contextmanager
def saying_at_once(answer: bytes) -> Iterator[str]:
    """The URL of a server that says this to the first who connects, whatever is asked."""
    with socket.create_server(("127.0.0.1", 0)) as listener, contextlib.ExitStack() as connections:

        def serve() -> None:
            camera = connections.enter_context(listener.accept()[0])
            camera.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"rtsp://127.0.0.1:{listener.getsockname()[1]}/v"
        thread.join(DEADLINE_SECONDS)


def methods(camera: RtspCamera) -> list[str]:
    return [request.partition(" ")[0] for request in camera.requests]


def asked(camera: RtspCamera, method: str) -> str:
    """The address that was asked for with a method."""
    return next(request.split(" ")[1] for request in camera.requests if request.startswith(method))


@pytest.mark.parametrize("transport", ["tcp", "udp", "auto"])
def test_a_session_is_described_set_up_played_and_torn_down(transport: Transport, clip: Path) -> None:
    with RtspCamera(clip, udp_only=transport == "udp") as camera:
        with session(camera.url(), transport) as made:
            track = made.describe()
            assert (track.kind, track.codec, track.payload_type) == ("video", "H264", PAYLOAD_TYPE)
            made.play(track)
            packets = made.packets()
            units = [next(packets)[0][12:] for _ in UNITS]
        assert units == UNITS
        wait_until(lambda: "TEARDOWN" in methods(camera), "the end of the session")
        assert methods(camera) == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]


def test_requests_are_numbered_and_carry_the_session(clip: Path) -> None:
    with Described(clip) as camera:
        camera.session = "abc ;timeout=30"
        with session(camera.url()) as made:
            made.play(made.describe())
        wait_until(lambda: "TEARDOWN" in methods(camera), "the end of the session")
        assert [f"CSeq: {number}\r\n" in request for number, request in enumerate(camera.requests, 1)] == [True] * 5
        assert ["Session: abc\r\n" in request for request in camera.requests] == [False, False, False, True, True]


def test_packets_tell_when_they_came(clip: Path) -> None:
    with RtspCamera(clip) as camera, session(camera.url()) as made:
        made.play(made.describe())
        packets = made.packets()
        data, first = next(packets)
        packet = RtpPacket.parse(data)
        assert packet is not None
        assert packet.payload_type == PAYLOAD_TYPE
        assert next(packets)[1] >= first


VIDEO = ("m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000")


@pytest.mark.parametrize(
    ("lines", "more", "set_up", "play"),
    [
        ((*VIDEO, "a=control:track1"), "", "{url}/track1", "{url}"),
        ((*VIDEO, "a=control:rtsp://other:5540/t"), "", "rtsp://other:5540/t", "{url}"),
        ((*VIDEO, "a=control:/absolute/t"), "", "{origin}/absolute/t", "{url}"),
        ((*VIDEO, "a=control:*"), "", "{url}", "{url}"),
        (VIDEO, "", "{url}", "{url}"),
        (("a=control:*", *VIDEO, "a=control:t?x=1"), "", "{url}/t?x=1", "{url}"),
        (("a=control:all", *VIDEO, "a=control:t"), "", "{url}/t", "{url}/all"),
        ((*VIDEO, "a=control:t"), "Content-Base: {origin}/base/", "{origin}/base/t", "{origin}/base/"),
        ((*VIDEO, "a=control:t"), "Content-Location: {origin}/place", "{origin}/place/t", "{origin}/place"),
    ],
)
def test_the_addresses_are_those_of_the_description(
    lines: tuple[str, ...], more: str, set_up: str, play: str, clip: Path
) -> None:
    with Described(clip) as camera:
        words = {"url": camera.url(), "origin": f"rtsp://127.0.0.1:{camera.port}"}
        camera.lines, camera.more = lines, more.format(**words)
        with session(camera.url()) as made:
            made.play(made.describe())
        assert asked(camera, "SETUP") == set_up.format(**words)
        assert asked(camera, "PLAY") == play.format(**words)


@pytest.mark.parametrize(
    ("lines", "kinds"),
    [
        (("v=0",), "nothing"),
        (("m=audio 0 RTP/AVP 0",), "audio"),
        (("m=audio 0 RTP/AVP 0", "m=application 0 RTP/AVP 107"), "application and audio"),
    ],
)
def test_a_stream_without_video_says_what_there_is(lines: tuple[str, ...], kinds: str, clip: Path) -> None:
    with Described(clip) as camera, session(camera.url()) as made:
        camera.lines = lines
        with pytest.raises(SourceError) as said:
            made.describe()
    assert str(said.value) == f"camera: holds {kinds}, but no video; name another in `source`"


@pytest.mark.parametrize(
    ("refusal", "is_momentary"), [("404 Not Found", False), ("503 Service Unavailable", True), ("551 Odd", True)]
)
def test_only_a_fault_of_the_camera_is_worth_asking_again(refusal: str, is_momentary: bool, clip: Path) -> None:
    with RtspCamera(clip, refusal=refusal) as camera, session(camera.url()) as made:
        with pytest.raises(SourceError) as said:
            made.describe()
        assert isinstance(said.value, Interrupted) == is_momentary


def test_with_tcp_alone_a_camera_of_udp_alone_is_refused(clip: Path) -> None:
    refused = pytest.raises(SourceError, match="answers 461; check the path in the URL")
    with RtspCamera(clip, udp_only=True) as camera, session(camera.url()) as made, refused:
        made.play(made.describe())


def test_a_login_is_sent_once_it_is_asked_for_and_then_with_every_request(clip: Path) -> None:
    with RtspCamera(clip, login="admin:geheim") as camera:
        with session(camera.url("admin:geheim")) as made:
            made.play(made.describe())
        wait_until(lambda: "TEARDOWN" in methods(camera), "the end of the session")
        assert methods(camera) == ["OPTIONS", "DESCRIBE", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]
        assert ["Authorization" in request for request in camera.requests] == [False, False, True, True, True, True]
        assert not any("geheim" in request for request in camera.requests)


def test_a_wrong_login_is_offered_once(clip: Path) -> None:
    with RtspCamera(clip, login="admin:geheim") as camera, session(camera.url("admin:other")) as made:
        with pytest.raises(SourceError, match="it refuses the login"):
            made.describe()
        assert methods(camera) == ["OPTIONS", "DESCRIBE", "DESCRIBE"]


@pytest.mark.slow
@pytest.mark.parametrize(("public", "method"), [("GET_PARAMETER", "GET_PARAMETER"), ("", "OPTIONS")])
def test_a_session_is_kept_alive_in_half_of_its_time(public: str, method: str, clip: Path) -> None:
    with Described(clip) as camera:
        camera.session = "1;timeout=2"
        camera.public = public
        with session(camera.url(), patience=2.5) as made:
            made.play(made.describe())
            with pytest.raises(SourceError, match="sent nothing"):
                list(made.packets())
        assert method in methods(camera)[4:]


def test_a_camera_that_hangs_up_ends_the_stream(clip: Path) -> None:
    with RtspCamera(clip) as camera, session(camera.url()) as made:
        made.play(made.describe())
        packets = made.packets()
        next(packets)
        camera.hang_up()
        with pytest.raises(Interrupted, match=r"^camera: the camera ended the stream$"):
            list(packets)


def test_an_interrupted_session_ends_while_it_waits(clip: Path) -> None:
    with RtspCamera(clip) as camera, session(camera.url()) as made:
        made.play(made.describe())
        packets = made.packets()
        for _ in UNITS:
            next(packets)
        made.interrupt()
        with pytest.raises(SourceError):
            next(packets)


def test_a_closed_session_gives_no_packets_and_can_be_closed_again(clip: Path) -> None:
    with RtspCamera(clip) as camera, session(camera.url()) as made:
        made.play(made.describe())
        made.close()
        made.close()
        made.interrupt()
        with pytest.raises(Interrupted, match="the camera ended the stream"):
            next(made.packets())


def test_a_camera_that_sends_nothing_is_silent(clip: Path) -> None:
    clip.write_bytes(b"")
    with RtspCamera(clip) as camera, session(camera.url(), patience=0.2) as made:
        made.play(made.describe())
        with pytest.raises(SourceError, match=r"^camera: sent nothing for 0\.2 seconds$"):
            next(made.packets())


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak RTSP; check the port in the URL"),
        (b"", "no answer within 0.2 seconds; check the address, and restart the camera if it is right"),
        (
            b"RTSP/1.0 200 OK\r\nCSeq: 7\r\n\r\n",
            "no answer within 0.2 seconds; check the address, and restart the camera if it is right",
        ),
    ],
)
def test_what_is_no_answer_to_the_request(answer: bytes, said: str) -> None:
    with saying_at_once(answer) as url, session(url, patience=0.2) as made, pytest.raises(SourceError) as raised:
        made.describe()
    assert str(raised.value) == f"camera: {said}"


def test_requests_of_the_camera_and_packets_ahead_of_the_answer_do_not_disturb_it() -> None:
    body = b"m=video 0 RTP/AVP 26\r\n"
    answers = (
        b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n",
        b"$\1\0\2ab",
        b"RTSP/1.0 404 Not Found\r\nCSeq: 1\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: %d\r\n\r\n" % len(body) + body,
    )
    with saying_at_once(b"".join(answers)) as url, session(url) as made:
        track = made.describe()
    assert (track.codec, track.payload_type) == ("JPEG", 26)


class OtherChannel(RtspCamera):
    """Sends on another channel than the one that was asked for."""

    def __init__(self, clip: Path, channel: int) -> None:
        super().__init__(clip)
        self._channel = channel

    def _answer(self, request: str) -> bytes:
        answer = super()._answer(request)
        return answer.replace(b"interleaved=0-1", f"interleaved={self._channel}-{self._channel + 1}".encode())

    def _packets(self) -> bytes:
        packets = super()._packets()
        sent = b""
        while packets:
            end = 4 + int.from_bytes(packets[2:4])
            sent += bytes([0x24, self._channel]) + packets[2:end]
            packets = packets[end:]
        return sent


@pytest.mark.parametrize("channel", [0, 2, 10])
def test_the_camera_says_in_which_channel_the_video_is(channel: int, clip: Path) -> None:
    with OtherChannel(clip, channel) as camera, session(camera.url()) as made:
        made.play(made.describe())
        packet = RtpPacket.parse(next(made.packets())[0])
        assert packet is not None
        assert packet.payload == UNITS[0]


class Asking(RtspCamera):
    """Asks its client whether it is still there, ahead of its pictures."""

    def _packets(self) -> bytes:
        return b"OPTIONS rtsp://client RTSP/1.0\r\nCSeq: 77\r\n\r\n" + super()._packets()


def test_a_camera_that_asks_whether_its_client_is_there_is_answered(clip: Path) -> None:
    with Asking(clip) as camera, session(camera.url()) as made:
        made.play(made.describe())
        next(made.packets())
        wait_until(lambda: any("CSeq: 77" in request for request in camera.requests), "the answer")


class Forgetful(Described):
    """Refuses the login of the first keep-alive: its nonce has expired."""

    session = "1;timeout=2"
    has_refused = False

    def _answer(self, request: str) -> bytes:
        if self.requests and request.startswith("OPTIONS") and not self.has_refused:
            self.has_refused = True
            self.requests.append(request)
            return (
                b'RTSP/1.0 401 Unauthorized\r\nCSeq: 6\r\nWWW-Authenticate: Digest realm="camera", nonce="new"\r\n\r\n'
            )
        return super()._answer(request)


class Refusing(Described):
    """Refuses the login of each keep-alive."""

    session = "1;timeout=6"

    def __init__(self, clip: Path, login: str) -> None:
        super().__init__(clip, login=login)
        self.refused_at: list[float] = []

    def _answer(self, request: str) -> bytes:
        if self.requests and request.startswith("OPTIONS"):
            self.refused_at.append(time.monotonic())
            return b'RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm="camera", nonce="new"\r\n\r\n'
        return super()._answer(request)


@contextlib.contextmanager
def reading(made: RtspSession, camera: RtspCamera) -> Iterator[None]:
    """Plays, and reads in a thread until the end."""
    made.play(made.describe())

    def read() -> None:
        with contextlib.suppress(Interrupted):
            for _ in made.packets():
                pass

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        yield
    finally:
        camera.hang_up()
        made.interrupt()
        thread.join(DEADLINE_SECONDS)


@pytest.mark.slow
def test_a_keep_alive_that_is_refused_is_sent_again_with_the_new_nonce(clip: Path) -> None:
    login = "admin:geheim"
    with Forgetful(clip, login=login) as camera, session(camera.url(login), patience=60) as made, reading(made, camera):
        wait_until(lambda: any('nonce="new"' in request for request in camera.requests), "another keep-alive")


@pytest.mark.slow
def test_a_login_that_is_refused_again_is_not_hurried(clip: Path) -> None:
    """Cameras lock an account after some refusals."""
    login = "admin:geheim"
    with Refusing(clip, login) as camera, session(camera.url(login), patience=60, login_again=0) as made:
        with reading(made, camera):
            wait_until(lambda: len(camera.refused_at) > 2, "a third keep-alive")
        assert camera.refused_at[2] - camera.refused_at[1] > 1.5
