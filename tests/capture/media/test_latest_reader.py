"""The newest picture is kept, one of a burst is held until it is over, and short interruptions are no failure."""

import threading
import time
from collections.abc import Iterator, Mapping

import msgspec
import pytest

from capture.media.latest_reader import Arrival, Interrupted, LatestReader
from capture.source import SourceError
from tests.processes import DEADLINE_SECONDS


class ScriptedStream:
    """Gives one list of pictures for each time that it is opened; a failure among them is raised."""

    def __init__(self, *plays: list[Arrival | Exception]) -> None:
        self.lost = 0
        self.waiting = ""
        self.repairs: Mapping[str, int] = {}
        self.opened = 0
        self._plays = list(plays)

    def open(self) -> None:
        self.opened += 1

    def arrivals(self, latest_reader: LatestReader) -> Iterator[Arrival]:
        for one in self._plays.pop(0) if self._plays else []:
            if isinstance(one, Exception):
                raise one
            yield one

    def interrupt(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""


def arrival(name: bytes, ready_in: float = 0.0) -> Arrival:
    return Arrival(name, time.time(), time.monotonic(), time.monotonic() + ready_in)


def drain(reader: LatestReader, *, opening: bool = False) -> None:
    """Take pictures until a failure is raised."""
    if opening:
        reader.open(DEADLINE_SECONDS)
    while True:
        reader.take(DEADLINE_SECONDS)


@pytest.mark.slow
def test_a_stream_that_ends_is_opened_again_until_it_gives_nothing_for_a_while() -> None:
    stream = ScriptedStream([arrival(b"1")], [Interrupted("busy")], [arrival(b"2")])
    reader = LatestReader(stream, "it ended", hiccup_seconds=0.5)
    assert reader.open(DEADLINE_SECONDS)
    with pytest.raises(SourceError, match=r"^it ended$"):
        drain(reader)
    assert stream.opened > 3
    assert reader.close(DEADLINE_SECONDS)


def test_any_other_failure_is_told_at_once_after_the_last_picture() -> None:
    stream = ScriptedStream([arrival(b"1"), SourceError("no such camera")])
    reader = LatestReader(stream, "it ended")
    with pytest.raises(SourceError, match=r"^no such camera$"):
        drain(reader, opening=True)
    assert stream.opened == 1


def test_a_picture_of_a_burst_is_not_used_before_it_is_ready() -> None:
    stream = ScriptedStream([arrival(b"old", 0.2)])
    reader = LatestReader(stream, "it ended", hiccup_seconds=DEADLINE_SECONDS)
    reader.open(DEADLINE_SECONDS)
    newest = reader.take(DEADLINE_SECONDS)
    assert newest is not None
    assert time.monotonic() >= newest.ready_at
    assert reader.take(0.01) is None
    assert reader.close(DEADLINE_SECONDS)


class BehindStream(ScriptedStream):
    """Has given a key frame, and holds newer pictures until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()
        self.is_behind = threading.Event()

    def arrivals(self, latest_reader: LatestReader) -> Iterator[Arrival]:
        latest_reader.behind = True
        yield arrival(b"key frame")
        self.is_behind.set()
        self.go_on.wait(DEADLINE_SECONDS)
        latest_reader.behind = False
        yield arrival(b"newest")
        latest_reader.pause(DEADLINE_SECONDS)


def test_a_viewer_gets_no_older_picture_while_the_stream_is_behind() -> None:
    stream = BehindStream()
    reader = LatestReader(stream, "it ended")
    reader.open(DEADLINE_SECONDS)
    assert stream.is_behind.wait(DEADLINE_SECONDS)
    assert reader.take(0.01) is None
    stream.go_on.set()
    newest = reader.take(DEADLINE_SECONDS)
    assert newest is not None
    assert newest.jpeg() == b"newest"
    assert reader.close(DEADLINE_SECONDS)


def test_without_viewers_the_key_frame_will_do() -> None:
    stream = BehindStream()
    reader = LatestReader(stream, "it ended", outdated_seconds=DEADLINE_SECONDS)
    reader.is_idle = True
    reader.open(DEADLINE_SECONDS)
    assert stream.is_behind.wait(DEADLINE_SECONDS)
    newest = reader.take(DEADLINE_SECONDS)
    assert newest is not None
    assert newest.jpeg() == b"key frame"
    stream.go_on.set()
    assert reader.close(DEADLINE_SECONDS)


class LeftBehindStream(BehindStream):
    """The picture that it gave came a minute ago."""

    def arrivals(self, latest_reader: LatestReader) -> Iterator[Arrival]:
        for found in super().arrivals(latest_reader):
            yield found if not latest_reader.behind else msgspec.structs.replace(found, monotonic=found.monotonic - 60)


def test_without_viewers_no_picture_of_a_minute_ago_is_given() -> None:
    stream = LeftBehindStream()
    reader = LatestReader(stream, "it ended")
    reader.is_idle = True
    reader.open(DEADLINE_SECONDS)
    assert stream.is_behind.wait(DEADLINE_SECONDS)
    assert reader.take(0.01) is None
    stream.go_on.set()
    newest = reader.take(DEADLINE_SECONDS)
    assert newest is not None
    assert newest.jpeg() == b"newest"
    assert reader.close(DEADLINE_SECONDS)


def test_the_stream_is_told_what_is_wanted() -> None:
    reader = LatestReader(ScriptedStream(), "it ended", hiccup_seconds=DEADLINE_SECONDS)
    needs: list[str] = [reader.need]
    reader.is_idle = True
    needs.append(reader.need)
    assert reader.take(0.0) is None
    assert [*needs, reader.need] == ["each", "none", "one"]
