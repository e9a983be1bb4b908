"""Headers of the wire format, of which a test names only the values that matter to it."""

import time
from typing import Any

import msgspec

from framebus.protocol.wire import FrameHeader, State, StatusHeader


def frame_header(camera: str = "front", seq: int = 1, **changes: Any) -> FrameHeader:
    """The header of a frame that was captured now."""
    now = time.monotonic()
    header = FrameHeader(
        v=1,
        camera=camera,
        seq=seq,
        epoch="e1",
        captured=round(time.time(), 6),
        monotonic=now,
        published=now,
        width=64,
        height=48,
        source="test",
        dropped=0,
    )
    return msgspec.structs.replace(header, **changes)


def status_header(state: State = "live", reason: str = "", camera: str = "front", **changes: Any) -> StatusHeader:
    """A status of now, of a camera without frames."""
    header = StatusHeader(
        v=1,
        camera=camera,
        state=state,
        reason=reason,
        since=time.time(),
        epoch="e1",
        pid=1,
        source="test",
        seq=0,
        captured=None,
        monotonic=None,
        width=0,
        height=0,
        fps=0.0,
        watched=False,
        dropped=0,
        bad=0,
    )
    return msgspec.structs.replace(header, **changes)
