"""A request that waits for a frame, and which frames satisfy it."""

import msgspec

from framebus.protocol.stills import SnapshotRequest
from snapshot.conversion_jobs import Envelope
from snapshot.still import Still


class PendingRequest(msgspec.Struct, eq=False):
    """A request that waits for a frame. Its times are of CLOCK_MONOTONIC."""

    envelope: Envelope
    request: SnapshotRequest
    deadline: float
    since: float
    """The frame must be captured after this time."""
    frames_left: int
    """How many frames after `since` to skip."""
    then_full: bool = False
    """The frame only shows that the camera has settled; the request wants a frame of full size after it."""

    def is_satisfied_by(self, still: Still) -> bool:
        """Return whether a frame satisfies the request; to be called once for each frame."""
        if still.header.monotonic <= self.since:
            return False
        self.frames_left -= 1
        return self.frames_left < 0
