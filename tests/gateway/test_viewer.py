import socket

from gateway.viewer import NOTSENT_LOWAT_BYTES, TCP_NOTSENT_LOWAT, Viewer, prefer_fresh


class ScriptedViewer(Viewer):
    """Takes from a box that always holds the newest message; its line is free when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.newest: bytes | None = None
        self.sent: list[bytes] = []
        self.line_is_free = True

    def next_message(self) -> bytes | None:
        message, self.newest = self.newest, None
        return message

    def write(self, message: bytes) -> bool:
        self.sent.append(message)
        return self.line_is_free

    def close(self) -> None:
        self.sent.append(b"closed")


def test_a_free_line_takes_each_message() -> None:
    viewer = ScriptedViewer()
    for message in (b"1", b"2"):
        viewer.newest = message
        viewer.wake()
    assert viewer.sent == [b"1", b"2"]


def test_a_busy_line_gets_the_newest_and_none_of_those_between() -> None:
    viewer = ScriptedViewer()
    viewer.line_is_free = False
    for message in (b"1", b"2", b"3", b"4"):
        viewer.newest = message
        viewer.wake()
    assert viewer.sent == [b"1"]
    viewer.written()
    assert viewer.sent == [b"1", b"4"]


def test_nothing_is_sent_when_there_is_nothing_new() -> None:
    viewer = ScriptedViewer()
    viewer.wake()
    viewer.repeat()
    assert viewer.sent == []


def test_the_kernel_is_told_to_hold_little() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        prefer_fresh(client)
        assert client.getsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT) == NOTSENT_LOWAT_BYTES == 16384
        assert client.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def test_a_socket_that_is_not_tcp_is_left_alone() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        prefer_fresh(ours)
