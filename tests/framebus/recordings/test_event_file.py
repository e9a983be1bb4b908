"""The file of a day's events: what is written, and what is made of files that are damaged or hostile."""

import msgspec
import pytest

from framebus.protocol.events import EventHeader
from framebus.recordings.event_file import CUT_OFF_SECONDS, StoredEvent, event_line, read_events
from tests.framebus.golden.make import EVENT

EVENT_STORED = StoredEvent(
    id="a-1", type="motion", start=100.0, end=None, score=0.5, box=(0.0, 0.0, 1.0, 1.0), seen=100.0
)


def message(phase: str, seconds: float, **more: object) -> EventHeader:
    changed = {"phase": phase, "seconds": seconds, "captured": 1000.0 + seconds, **more}
    return msgspec.structs.replace(EVENT, **changed)


def test_an_event_is_what_its_messages_say_together() -> None:
    event = StoredEvent.of(message("start", 0.5, score=0.6, box=(0.1, 0.1, 0.2, 0.2)))
    assert (event.start, event.end, event.seen) == (1000.0, None, 1000.5)
    event = StoredEvent.of(message("update", 4.0, score=0.9, box=(0.5, 0.0, 0.6, 0.3)), event)
    assert (event.start, event.score, event.box) == (1000.0, 0.9, (0.1, 0.0, 0.6, 0.3))
    event = StoredEvent.of(message("end", 5.0, score=0.8, box=(0.0, 0.0, 0.7, 0.4)), event)
    assert (event.start, event.end, event.score, event.box) == (1000.0, 1005.0, 0.9, (0.0, 0.0, 0.7, 0.4))


def test_an_event_whose_process_has_ended_keeps_its_whole_box() -> None:
    event = StoredEvent.of(message("start", 0.0, box=(0.1, 0.1, 0.2, 0.2)))
    event = StoredEvent.of(message("update", 1.0, box=(0.5, 0.5, 0.6, 0.6)), event)
    event = StoredEvent.of(message("end", 1.0, box=(0.5, 0.5, 0.6, 0.6)), event)  # made of the last message
    assert event.box == (0.1, 0.1, 0.6, 0.6)


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_an_event_does_not_end_before_its_start_nor_last_longer_where_the_clock_is_set(step: float) -> None:
    began = StoredEvent.of(message("start", 0.0, captured=5000.0))
    event = StoredEvent.of(message("end", 5.0, captured=5005.0 + step), began)
    assert event.end is not None
    assert event.end - event.start == 5.0


def test_of_several_lines_the_one_that_was_seen_last_counts() -> None:
    later = msgspec.structs.replace(EVENT_STORED, seen=110.0)
    ended = msgspec.structs.replace(later, end=110.0)
    other = msgspec.structs.replace(EVENT_STORED, id="b", start=50.0)
    lines = [event_line(event) for event in (EVENT_STORED, ended, later, other)]
    assert read_events(b"".join(lines)) == [other, ended]


@pytest.mark.parametrize(
    "damage",
    [
        b'{"id":"a-2","ty',
        b"\0\0\0\0",
        b"[" * 3000,
        b'{"id":"a-2","type":"motion","start":"x"}',
        b'{"id":"../../etc","type":"motion","start":1,"end":2,"score":1,"box":[0,0,1,1],"seen":1}',
        b'{"id":"a-2","type":"motion","start":1e400,"end":2,"score":1,"box":[0,0,1,1],"seen":1}',
        b'{"id":"a-2","type":"motion","start":1,"end":2,"score":7,"box":[0,0,1,1],"seen":1}',
        b"\xff\xfe",
        b"x" * 100_000,
    ],
)
def test_what_cannot_be_read_is_passed_over(damage: bytes) -> None:
    after = msgspec.structs.replace(EVENT_STORED, id="a-3")
    assert read_events(event_line(EVENT_STORED) + damage + b"\n\n" + event_line(after)) == [EVENT_STORED, after]


def test_keys_of_a_later_version_are_passed_over() -> None:
    assert read_events(event_line(EVENT_STORED).replace(b"{", b'{"later":[1],', 1)) == [EVENT_STORED]


def test_an_event_that_was_cut_off_has_ended() -> None:
    assert EVENT_STORED.at(100.0 + CUT_OFF_SECONDS).end is None
    assert EVENT_STORED.at(101.0 + CUT_OFF_SECONDS).end == 100.0
