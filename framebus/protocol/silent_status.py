"""The status that a reader reports for a camera whose process sends none."""

import time

import msgspec

from framebus.protocol.wire import VERSION, State, StatusHeader


def silent_status(
    camera: str, last: StatusHeader | None, reason: str, since: float | None = None, state: State = "offline"
) -> StatusHeader:
    """Make a status for a camera that is silent.

    Args:
        camera: its name.
        last: its last status, whose figures are kept; None if there was none.
        reason: why it is silent.
        since: Unix seconds; now if None.
        state: `offline`, or `starting` while a status may still come.

    Returns:
        A status without a process (`pid` 0), frames a second, or viewers.
    """
    since = round(time.time() if since is None else since, 6)
    if last is not None:
        return msgspec.structs.replace(last, state=state, reason=reason, since=since, pid=0, fps=0.0, watched=False)
    return StatusHeader(
        v=VERSION,
        camera=camera,
        state=state,
        reason=reason,
        since=since,
        epoch="",
        pid=0,
        source="",
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
