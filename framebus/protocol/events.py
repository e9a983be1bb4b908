"""What happened in front of a camera, as messages of the kind `event`: their header, and which events are in progress.

Pure. docs/wire-format.md says the same for other languages.
"""

from typing import Annotated, Literal

import msgspec

from framebus.protocol.wire import CameraName, Code, Epoch, MonotonicSeconds, Number, Seconds, UnixSeconds

EVENT_TIMEOUT_SECONDS = 5.0
"""An event in progress is reported once a second; after this long without a report, it has ended."""
MAX_OPEN_EVENTS = 256
"""In progress at a time, for a reader; more than there are cameras. Beyond it, the oldest counts as ended."""

Phase = Literal["start", "update", "end"]
Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]
Box = tuple[Fraction, Fraction, Fraction, Fraction]
"""Left, top, right, bottom, in fractions of the picture as it is shown: after the orientation is applied."""


class EventHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The header of an event. Times are seconds; see docs/wire-format.md for each key.

    `seq`, `epoch`, `captured` and `monotonic` are those of one frame: at `start` the first one in which something
    happened, at `update` the newest such frame, at `end` the last one.
    """

    v: Literal[1]
    camera: CameraName
    type: Code
    """What happened, such as `motion`."""
    phase: Phase
    id: Epoch
    """The same in all messages of one event, and in those of no other."""
    score: Fraction
    """How certain it is that something happened; at `end`, the highest."""
    box: Box
    """Where it happens; at `end`, everywhere it happened."""
    seconds: Seconds
    """From the first frame of the event to this one, by the monotonic clock."""
    seq: Number
    epoch: Epoch
    captured: UnixSeconds
    monotonic: MonotonicSeconds
    published: MonotonicSeconds
    """When the message was made, in seconds of CLOCK_MONOTONIC. A message that is sent again keeps it."""


class OpenEvents:
    """The events in progress, as a reader knows them: drops repeats, and ends what is not reported any more."""

    def __init__(self, timeout_seconds: float = EVENT_TIMEOUT_SECONDS, most: int = MAX_OPEN_EVENTS) -> None:
        """Know of none.

        Args:
            timeout_seconds: an event without a report for so long has ended.
            most: how many are in progress at a time. With more, `ended` returns the oldest. Until it is called, as many
                again may begin; others are refused, so that each start is followed by an end.
        """
        self._timeout_seconds = timeout_seconds
        self._most = most
        self._open: dict[str, tuple[float, EventHeader]] = {}
        """By id: when the last message arrived, and its header; the one that was reported longest ago is the first."""

    def take(self, header: EventHeader, now: float) -> EventHeader | None:
        """Note a message.

        Args:
            header: of the message.
            now: seconds of any clock that goes on steadily.

        Returns:
            What it says to the reader: as it came, or as a `start` where the reader did not know the event. None for a
            repeat, for the end of an event that the reader does not know, and for one too many.
        """
        known = self._open.pop(header.id, None)
        if header.phase == "end":
            return header if known is not None else None
        if known is None and len(self._open) >= 2 * self._most:
            return None
        self._open[header.id] = (now, header)
        if known is None:
            return msgspec.structs.replace(header, phase="start")
        return header if header.published > known[1].published else None

    def due_in(self, now: float) -> float | None:
        """Seconds until `ended` has an event to return; None while no event is in progress."""
        if not self._open:
            return None
        if len(self._open) > self._most:
            return 0.0
        heard, _ = next(iter(self._open.values()))
        return max(0.0, heard + self._timeout_seconds - now)

    def ended(self, now: float) -> EventHeader | None:
        """The `end` of one event that is not reported any more, made of its last message; None where there is none."""
        if self.due_in(now) != 0.0:
            return None
        _, header = self._open.pop(next(iter(self._open)))
        return msgspec.structs.replace(header, phase="end")
