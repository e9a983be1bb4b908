"""The file of a day's events: lines of JSON beside the segments, which only ever grows. Pure: bytes in and out.

    FOLDER/front/2026-11-29/events.jsonl

Of several lines of one event, the last one with an end counts, else the one that was seen last. What cannot be read,
such as a line that a power cut left, is ignored.
"""

from typing import Annotated

import msgspec

from framebus.protocol.events import EventHeader, Fraction
from framebus.protocol.wire import Code, Epoch, UnixSeconds

EVENTS_NAME = "events.jsonl"
MAX_EVENTS_BYTES = 16_000_000
"""Of a file: about 50 000 events. A recorder writes no more, and a reader reads no more."""
MAX_LINE_BYTES = 4096
MAX_EVENT_SECONDS = 86_400.0
"""An event that began before a moment by more than this is not searched for it."""
NOTED_SECONDS = 10.0
"""An event in progress is written again so often."""
CUT_OFF_SECONDS = 3 * NOTED_SECONDS
"""One that was not written for so long has ended without a line that says so: the recorder was killed."""
CLOCK_SET_SECONDS = 1.0
"""Where the start of an event differs by this or more from one message to the next, the clock was set meanwhile."""


class StoredEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it is stored. Times are Unix seconds."""

    id: Epoch
    type: Code
    """What happened, such as `motion`."""
    start: UnixSeconds
    end: UnixSeconds | None
    """None while it is in progress."""
    score: Fraction
    """The highest."""
    box: Annotated[tuple[Fraction, Fraction, Fraction, Fraction], msgspec.Meta(description="fractions")]
    """Around all of it: left, top, right, bottom, in fractions of the picture as it is shown."""
    seen: UnixSeconds
    """When something happened last."""

    @classmethod
    def of(cls, header: EventHeader, known: "StoredEvent | None" = None) -> "StoredEvent":
        """What a message says, together with what was known of the event before it."""
        before = known.box if known is not None else header.box
        start = max(0.0, round(header.captured - header.seconds, 6))
        # By the steady clock it began so long ago: where that differs, the clock was set meanwhile.
        if known is not None and abs(start - known.start) < CLOCK_SET_SECONDS:
            start = known.start
        return cls(
            id=header.id,
            type=header.type,
            start=start,
            end=header.captured if header.phase == "end" else None,
            score=max(header.score, known.score if known is not None else 0.0),
            box=(
                min(before[0], header.box[0]),
                min(before[1], header.box[1]),
                max(before[2], header.box[2]),
                max(before[3], header.box[3]),
            ),
            seen=header.captured,
        )

    def at(self, now: float) -> "StoredEvent":
        """The same as it is at a moment: one that was cut off ended when something happened last."""
        if self.end is None and now - self.seen > CUT_OFF_SECONDS:
            return msgspec.structs.replace(self, end=self.seen)
        return self


_decoder = msgspec.json.Decoder(StoredEvent)


def event_line(event: StoredEvent) -> bytes:
    """A line of the file."""
    return msgspec.json.encode(event) + b"\n"


def read_events(data: bytes) -> list[StoredEvent]:
    """The events of a file, in the order in which they began."""
    found: dict[str, StoredEvent] = {}
    for line in data.split(b"\n"):
        if 0 < len(line) <= MAX_LINE_BYTES:
            try:
                event = _decoder.decode(line)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                continue
            known = found.get(event.id)
            # The last one of those with an end: the clock may have been set, and the event corrected.
            if known is None or event.end is not None or (known.end is None and event.seen >= known.seen):
                found[event.id] = event
    return sorted(found.values(), key=lambda event: event.start)
