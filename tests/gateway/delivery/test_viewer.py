import time

import pytest

from gateway.delivery.viewer import STALLED_SECONDS, STOPPING, Ending, Viewer
from gateway.net.transport import Transport


class ScriptedTransport(Transport):
    """A transport that is busy or free as the test sets it."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.is_free = True
        self.taken: int | None = 0

    @property
    def written_bytes(self) -> int | None:
        return self.taken

    def send(self, message: bytes) -> bool:
        self.sent.append(message)
        return self.is_free

    def close(self) -> None:
        self.sent.append(b"closed")


class ScriptedViewer(Viewer):
    """Sends the newest message that the test sets."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self.newest: bytes | None = None

    def next_message(self) -> bytes | None:
        message, self.newest = self.newest, None
        return message

    def close(self, ending: Ending = STOPPING) -> None:
        self._transport.close()


def test_a_free_transport_takes_each_message() -> None:
    transport = ScriptedTransport()
    viewer = ScriptedViewer(transport)
    for message in (b"1", b"2"):
        viewer.newest = message
        viewer.wake()
    assert transport.sent == [b"1", b"2"]


class Talker(ScriptedViewer):
    """Has a message whenever it is asked, up to three."""

    def next_message(self) -> bytes | None:
        return b"again" if len(self.sent_so_far) < 3 else None

    @property
    def sent_so_far(self) -> list[bytes]:
        assert isinstance(self._transport, ScriptedTransport)
        return self._transport.sent


def test_a_viewer_is_asked_until_it_has_nothing_unless_it_says_that_there_is_no_more() -> None:
    talker = Talker(ScriptedTransport())
    talker.wake()
    assert len(talker.sent_so_far) == 3
    talker = Talker(ScriptedTransport())
    talker.has_more = False
    talker.wake()
    assert len(talker.sent_so_far) == 1


def test_a_busy_transport_gets_the_newest_and_none_of_those_between() -> None:
    transport = ScriptedTransport()
    viewer = ScriptedViewer(transport)
    transport.is_free = False
    for message in (b"1", b"2", b"3", b"4"):
        viewer.newest = message
        viewer.wake()
    assert transport.sent == [b"1"]
    transport.on_sent()
    assert transport.sent == [b"1", b"4"]


def test_nothing_is_sent_when_there_is_nothing_new() -> None:
    transport = ScriptedTransport()
    viewer = ScriptedViewer(transport)
    viewer.wake()
    viewer.repeat()
    assert transport.sent == []


def busy_viewer() -> tuple[ScriptedTransport, ScriptedViewer]:
    """A viewer with a message in flight."""
    transport = ScriptedTransport()
    transport.is_free = False
    viewer = ScriptedViewer(transport)
    viewer.newest = b"1"
    viewer.wake()
    return transport, viewer


def test_a_viewer_that_takes_nothing_of_a_message_is_disconnected() -> None:
    transport, viewer = busy_viewer()
    assert not viewer.end_if_stalled(100.0)
    assert not viewer.end_if_stalled(100.0 + STALLED_SECONDS - 1)
    assert viewer.end_if_stalled(100.0 + STALLED_SECONDS)
    assert transport.sent == [b"1", b"closed"]
    transport.on_sent()
    viewer.newest = b"2"
    viewer.wake()
    assert transport.sent == [b"1", b"closed"]


def test_a_viewer_that_takes_a_byte_now_and_then_stays() -> None:
    transport, viewer = busy_viewer()
    for second in range(0, 1000, 10):
        transport.taken = second
        assert not viewer.end_if_stalled(float(second))


def test_a_viewer_without_a_message_in_flight_stays() -> None:
    viewer = ScriptedViewer(ScriptedTransport())
    for second in range(0, 1000, 10):
        assert not viewer.end_if_stalled(float(second))


def test_a_viewer_whose_progress_is_unknown_stays() -> None:
    transport, viewer = busy_viewer()
    transport.taken = None
    for second in range(0, 1000, 10):
        assert not viewer.end_if_stalled(float(second))


class Measured(ScriptedViewer):
    """Counts the messages that its connection has taken."""

    taken = 0

    def message_taken(self) -> None:
        self.taken += 1


def test_a_viewer_learns_of_each_message_that_has_left_at_once_or_later() -> None:
    transport = ScriptedTransport()
    viewer = Measured(transport)
    viewer.newest = b"1"
    viewer.wake()
    assert viewer.taken == 1
    transport.is_free = False
    viewer.newest = b"2"
    viewer.wake()
    assert viewer.taken == 1
    transport.on_sent()
    assert viewer.taken == 2


def test_a_viewer_watches_since_it_was_made() -> None:
    assert ScriptedViewer(ScriptedTransport()).watching.since == pytest.approx(time.time(), abs=300)
