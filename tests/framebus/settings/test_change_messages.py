"""Lines between the gateway and the settings service: whole, in time, and not too long."""

import socket
import threading
from collections.abc import Iterator

import pytest

from framebus.settings.change_messages import MAX_LINE_BYTES, SOCKET, LineConnection
from tests.docs.test_deploy import ROOT
from tests.processes import DEADLINE_SECONDS


@pytest.fixture
def pair() -> Iterator[tuple[LineConnection, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield LineConnection(ours), theirs


def test_lines_arrive_one_after_the_other(pair: tuple[LineConnection, socket.socket]) -> None:
    lines, other = pair
    other.sendall(b"one\ntwo\nthr")
    assert lines.receive(DEADLINE_SECONDS) == b"one"
    assert lines.receive(DEADLINE_SECONDS) == b"two"
    other.sendall(b"ee\n")
    assert lines.receive(DEADLINE_SECONDS) == b"three"
    lines.send(b"four", DEADLINE_SECONDS)
    assert other.recv(100) == b"four\n"


def test_the_end_of_the_connection_is_noticed(pair: tuple[LineConnection, socket.socket]) -> None:
    lines, other = pair
    other.sendall(b"half a line")
    other.close()
    with pytest.raises(EOFError):
        lines.receive(DEADLINE_SECONDS)


def test_a_line_that_comes_byte_by_byte_does_not_get_more_time(pair: tuple[LineConnection, socket.socket]) -> None:
    lines, other = pair
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.01):
            other.sendall(b"x")

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        with pytest.raises(TimeoutError):
            lines.receive(0.1)
    finally:
        stop.set()
        dripping.join()


def test_a_line_without_an_end_is_not_kept(pair: tuple[LineConnection, socket.socket]) -> None:
    lines, other = pair
    sending = threading.Thread(target=other.sendall, args=(b"x" * (MAX_LINE_BYTES + 8192),))
    sending.start()
    with pytest.raises(OSError, match="too long"):
        lines.receive(DEADLINE_SECONDS)
    lines.close()
    sending.join(DEADLINE_SECONDS)


def test_the_socket_is_that_of_the_unit() -> None:
    unit = (ROOT / "deploy" / "framebus-settings.socket").read_text()
    assert f"\nListenStream={SOCKET}\n" in unit
