from gateway.delivery.viewer import Viewer
from gateway.net.transport import Transport


class ScriptedTransport(Transport):
    """Is free when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.is_free = True

    def send(self, message: bytes) -> bool:
        self.sent.append(message)
        return self.is_free

    def close(self) -> None:
        self.sent.append(b"closed")


class ScriptedViewer(Viewer):
    """Takes from a box that always holds the newest message."""

    def __init__(self, line: Transport) -> None:
        super().__init__(line)
        self.newest: bytes | None = None

    def next_message(self) -> bytes | None:
        message, self.newest = self.newest, None
        return message

    def close(self) -> None:
        self._transport.close()


def test_a_free_line_takes_each_message() -> None:
    line = ScriptedTransport()
    viewer = ScriptedViewer(line)
    for message in (b"1", b"2"):
        viewer.newest = message
        viewer.wake()
    assert line.sent == [b"1", b"2"]


def test_a_busy_line_gets_the_newest_and_none_of_those_between() -> None:
    line = ScriptedTransport()
    viewer = ScriptedViewer(line)
    line.is_free = False
    for message in (b"1", b"2", b"3", b"4"):
        viewer.newest = message
        viewer.wake()
    assert line.sent == [b"1"]
    line.on_free()
    assert line.sent == [b"1", b"4"]


def test_nothing_is_sent_when_there_is_nothing_new() -> None:
    line = ScriptedTransport()
    viewer = ScriptedViewer(line)
    viewer.wake()
    viewer.repeat()
    assert line.sent == []
