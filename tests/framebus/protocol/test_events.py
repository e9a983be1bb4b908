"""The header of an event and its bounds, and which events a reader takes for being in progress."""

import json
from typing import Any

import msgspec
import pytest

from framebus.protocol.events import EventHeader, OpenEvents, Phase
from framebus.protocol.wire import WireError, decode
from tests.framebus.golden.make import EVENT


def event(phase: Phase, id: str = "a", published: float = 1.0) -> EventHeader:
    return msgspec.structs.replace(EVENT, phase=phase, id=id, published=published)


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("phase", "begin", "EventHeader: Invalid enum value 'begin' - at `$.phase`"),
        ("score", 1.5, "EventHeader: Expected `float` <= 1.0 - at `$.score`"),
        ("box", [0, 0, 1], "EventHeader: Expected `array` of length 4"),
        ("box", [0, 0, 1, -1], "EventHeader: Expected `float` >= 0.0 - at `$.box[3]`"),
        ("seconds", -1, "EventHeader: Expected `float` >= 0.0 - at `$.seconds`"),
    ],
)
def test_a_value_out_of_its_bounds_is_refused(key: str, value: Any, text: str) -> None:
    changed = json.loads(msgspec.json.encode(EVENT)) | {key: value}

    with pytest.raises(WireError) as caught:
        decode(json.dumps(changed).encode(), EventHeader)

    assert str(caught.value).startswith(text)


def test_each_message_comes_once() -> None:
    events = OpenEvents()

    assert events.take(event("start", published=1), 0) == event("start", published=1)
    assert events.take(event("start", published=1), 0) is None
    assert events.take(event("update", published=2), 1) == event("update", published=2)
    assert events.take(event("update", published=2), 1) is None
    assert events.take(event("end", published=3), 2) == event("end", published=3)
    assert events.take(event("end", published=3), 2) is None


def test_an_event_that_is_met_in_its_middle_starts() -> None:
    events = OpenEvents()

    assert events.take(event("update"), 0) == event("start")
    assert events.take(event("end", "unknown"), 0) is None


def test_an_event_that_is_not_reported_any_more_ends() -> None:
    events = OpenEvents(timeout_seconds=5)
    assert events.due_in(0) is None
    events.take(event("start", "a", 1), 0)
    events.take(event("start", "b", 1), 1)
    events.take(event("update", "a", 2), 3)

    assert [events.due_in(3), events.ended(3)] == [3, None]
    assert events.ended(6) == event("end", "b", 1)
    assert [events.due_in(6), events.ended(6)] == [2, None]
    assert events.ended(9) == event("end", "a", 2)
    assert [events.due_in(9), events.ended(9)] == [None, None]


def test_what_is_in_progress_is_limited() -> None:
    events = OpenEvents(most=2)
    for name in "abc":
        events.take(event("start", name), 0)

    assert events.due_in(0) == 0
    assert events.ended(0) == event("end", "a")
    assert events.ended(0) is None


def test_while_a_reader_asks_for_no_ends_twice_as_many_begin() -> None:
    events = OpenEvents(most=2)

    begun = [events.take(event("start", name), 0) is not None for name in "abcde"]

    assert begun == [True, True, True, True, False]
    assert [events.take(event("update", "e", 2), 0), events.take(event("end", "e", 3), 0)] == [None, None]
    assert [ended.id for ended in (events.ended(0), events.ended(0)) if ended is not None] == ["a", "b"]
    assert events.ended(0) is None
    assert events.take(event("start", "f"), 0) == event("start", "f")
