"""Frames as they come to the recorder, at a time in ms of a camera that starts at MONOTONIC."""

import msgspec

from recorder.incoming_frame import IncomingFrame
from tests.framebus.recordings.segments import MONOTONIC, STARTED, header, jpeg


def frame(ms: int, *, jumped: float = 0.0, **changes: object) -> IncomingFrame:
    """A frame; its wall clock is `jumped` seconds ahead of what it was."""
    made = header(ms, STARTED + jumped)
    made = msgspec.structs.replace(made, **changes)
    return IncomingFrame(made, msgspec.json.encode(made), jpeg(ms // 10))


def frames(*times_ms: int) -> list[IncomingFrame]:
    return [frame(ms) for ms in times_ms]


def times(found: list[IncomingFrame]) -> list[int]:
    """The times of frames in ms."""
    return [round((one.header.monotonic - MONOTONIC) * 1000) for one in found]
