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
    """The frame must be captured after this time, or be younger than `max_age`."""
    frames_left: int
    """How many frames after `since` to skip."""
    max_age: float | None = None
    """In seconds, as of the moment at which the request is answered: a frame may be long under way."""
    then_full: bool = False
    """The frame only shows that the camera has settled; the request wants a frame of full size after it."""

    def is_satisfied_by(self, still: Still, now: float) -> bool:
        """Return whether a frame satisfies the request; to be called once for each frame."""
        captured = still.header.monotonic
        if captured <= self.since and (self.max_age is None or now - captured > self.max_age):
            return False
        self.frames_left -= 1
        return self.frames_left < 0
