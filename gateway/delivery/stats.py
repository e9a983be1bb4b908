"""What a gateway has done for a camera since it started, counted where it happens and told by /metrics."""

from bisect import bisect_left

from framebus.protocol.wire import AGE_BOUNDS_SECONDS, CameraStats
from gateway.delivery.encoded_frame import EncodedFrame


class FeedStats:
    """Counters that only rise."""

    def __init__(self) -> None:
        self.received = 0
        """Frames that reached the gateway."""
        self.missed = 0
        """Frames published that did not."""
        self.sent = 0
        """Frames sent to viewers, counted for each; and below, their bytes."""
        self.sent_bytes = 0
        self.skipped_line = 0
        """Frames that a viewer did not get because its line was busy with one before."""
        self.skipped_page = 0
        """Frames that a page did not get because it had not drawn those before."""
        self.runs = 0
        """Runs of the capture process that were seen; all but the first are restarts."""
        self.ages = [0] * (len(AGE_BOUNDS_SECONDS) + 1)
        """How old frames were when they were sent: how many up to each bound, and above the last."""
        self.age_seconds = 0.0
        """Their sum."""

    def sent_to_viewer(self, encoded: EncodedFrame, message: bytes) -> None:
        """A viewer is given this message, made of this frame."""
        self.sent += 1
        self.sent_bytes += len(message)
        age = max(0.0, encoded.frame.age)  # of another machine, whose clock may be ahead of ours
        self.ages[bisect_left(AGE_BOUNDS_SECONDS, age)] += 1
        self.age_seconds += age

    def told(self, viewers: int) -> CameraStats:
        """As the other workers and /metrics get it; `viewers` are the connections of now."""
        return CameraStats(
            viewers=viewers,
            received=self.received,
            missed=self.missed,
            sent=self.sent,
            sent_bytes=self.sent_bytes,
            skipped_line=self.skipped_line,
            skipped_page=self.skipped_page,
            runs=self.runs,
            ages=list(self.ages),
            age_seconds=round(self.age_seconds, 3),
        )
