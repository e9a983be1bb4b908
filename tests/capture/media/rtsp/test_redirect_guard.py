"""A redirect does not reach FFmpeg, and everything else does."""

import socket
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from capture.media.rtsp.redirect_guard import MAX_PREAMBLE_BYTES, RedirectGuard
from tests.processes import DEADLINE_SECONDS

DESCRIBE = b"DESCRIBE rtsp://127.0.0.1/x RTSP/1.0\r\nCSeq: 2\r\n\r\n"
PLAY = b"PLAY rtsp://127.0.0.1/x RTSP/1.0\r\nCSeq: 4\r\n\r\n"


class Line:
    """Both ends of a guarded connection."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.guard = RedirectGuard("127.0.0.1", listener.getsockname()[1], DEADLINE_SECONDS)
            self.camera, _ = listener.accept()
        self.client = socket.create_connection(("127.0.0.1", self.guard.port), DEADLINE_SECONDS)
        self.camera.settimeout(DEADLINE_SECONDS)

    def ask(self, request: bytes) -> None:
        """Let the client say something, and the camera hear it."""
        self.client.sendall(request)
        assert received(self.camera, len(request)) == request

    def close(self) -> None:
        self.guard.close()
        self.client.close()
        self.camera.close()


def received(end: socket.socket, size: int) -> bytes:
    """So many bytes, or what there is until the connection ends."""
    data = b""
    with suppress(ConnectionResetError):
        while len(data) < size and (more := end.recv(size - len(data))):
            data += more
    return data


@pytest.fixture
def line() -> Iterator[Line]:
    with closing(Line()) as made:
        yield made


@pytest.mark.parametrize(
    "reply",
    [
        b"RTSP/1.0 302 Found\r\nCSeq: 2\r\nLocation: rtsp://elsewhere/x\r\n\r\n",
        b"RTSP/1.0 301 Moved\nlocation:rtsp://elsewhere/x\n\n",
        b"RTSP/1.0 305 Use Proxy\r\nLOC\rATION: rtsp://elsewhere/x\r\n\r\n",
        b"Location: rtsp://elsewhere/x\r\nRTSP/1.0 302 Found\r\n\r\n",
    ],
)
@pytest.mark.parametrize("pieces", [1, 2, 7])
def test_a_redirect_ends_the_connection(reply: bytes, pieces: int, line: Line) -> None:
    line.ask(DESCRIBE)
    line.camera.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    size = -(-len(reply) // pieces)
    with suppress(OSError):  # it has ended before the last piece
        for at in range(0, len(reply), size):
            line.camera.sendall(reply[at : at + size])
    passed = received(line.client, 1000)
    assert b"elsewhere" not in passed
    assert line.guard.has_redirected


def test_other_replies_and_what_the_client_says_come_through(line: Line) -> None:
    line.ask(DESCRIBE)
    reply = b"RTSP/1.0 200 OK\r\nContent-Location: rtsp://127.0.0.1/x\r\nX-Location: y\r\n\r\n"
    line.camera.sendall(reply)
    assert received(line.client, len(reply)) == reply
    line.camera.close()
    assert received(line.client, 1) == b""
    assert not line.guard.has_redirected


def test_pictures_may_hold_any_bytes(line: Line) -> None:
    """FFmpeg follows no redirect once it has asked for them."""
    line.ask(DESCRIBE)
    line.ask(PLAY)
    pictures = b"$\0\0\x0b\nLocation: " + b"x" * (2 * MAX_PREAMBLE_BYTES)
    line.camera.sendall(pictures)
    assert received(line.client, len(pictures)) == pictures
    assert not line.guard.has_redirected


def test_a_camera_that_talks_without_an_end_before_the_pictures_is_cut_off(line: Line) -> None:
    line.ask(DESCRIBE)
    header = b"X-Header: value\r\n"
    with suppress(OSError):
        line.camera.sendall(header * (2 * MAX_PREAMBLE_BYTES // len(header)))
    assert len(received(line.client, 2 * MAX_PREAMBLE_BYTES)) <= MAX_PREAMBLE_BYTES


def test_it_takes_one_client_alone(line: Line) -> None:
    line.ask(DESCRIBE)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", line.guard.port), DEADLINE_SECONDS)


def test_a_guard_that_has_no_client_can_be_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        guard = RedirectGuard("127.0.0.1", listener.getsockname()[1], DEADLINE_SECONDS)
        guard.close()
        assert not guard.has_redirected
