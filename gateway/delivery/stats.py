"""Counters of what a gateway has done for a camera since it started, for /metrics."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping

from framebus.protocol.renditions import RENDITIONS, Rendition
from framebus.protocol.viewers import AGE_BOUNDS_SECONDS, CameraStats, RenditionStats
from framebus.protocol.wire import Kind
from gateway.delivery.encoded_frame import EncodedFrame

MAX_AGE_SECONDS = 3600.0
"""Older frames count as this old, so that a wrong clock does not dominate the sum."""


class FeedStats:
    """Counters of one camera, which only rise."""

    def __init__(self) -> None:
        self.received = 0
        """Frames that reached the gateway."""
        self.missed = 0
        """Published frames that did not reach the gateway."""
        self.sent = 0
        """Frames sent to viewers, counted for each viewer; below, their bytes."""
        self.sent_bytes = 0
        self.skipped_line = 0
        """Frames that a viewer did not get because its connection was busy with an earlier one, or the gateway."""
        self.skipped_page = 0
        """Frames that a page did not get because it had not drawn earlier ones."""
        self.runs = 0
        """Runs of the capture process that were seen; all but the first are restarts."""
        self.ages = [0] * (len(AGE_BOUNDS_SECONDS) + 1)
        """Histogram of the age of frames when they were sent: how many up to each bound, and above the last."""
        self.age_seconds = 0.0
        """Sum of these ages."""
        self.sent_renditions: Counter[Rendition] = Counter()
        """Of `sent`, those that were renditions; below, their bytes."""
        self.sent_rendition_bytes: Counter[Rendition] = Counter()

    def sent_to_viewer(self, encoded: EncodedFrame, message: bytes, kind: Kind = "live") -> None:
        """Count a message that is sent to a viewer; `encoded` is its frame, of this kind."""
        self.sent += 1
        self.sent_bytes += len(message)
        if kind in RENDITIONS:
            self.sent_renditions[kind] += 1
            self.sent_rendition_bytes[kind] += len(message)
        age = encoded.age
        if not 0.0 <= age <= MAX_AGE_SECONDS:  # another machine's clock may be wrong
            age = 0.0 if age < 0 else MAX_AGE_SECONDS
        self.ages[bisect_left(AGE_BOUNDS_SECONDS, age)] += 1
        self.age_seconds += age

    def camera_stats(self, viewers: int, rendition_viewers: Mapping[Rendition, int] | None = None) -> CameraStats:
        """Return the counters as the wire format has them.

        Args:
            viewers: the current connections.
            rendition_viewers: how many of them get a rendition.
        """
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
            renditions=self._renditions(rendition_viewers or {}),
        )

    def _renditions(self, viewers: Mapping[Rendition, int]) -> dict[str, RenditionStats]:
        """Those that have viewers or were sent."""
        return {
            each: RenditionStats(
                viewers=viewers.get(each, 0),
                sent=self.sent_renditions[each],
                sent_bytes=self.sent_rendition_bytes[each],
            )
            for each in RENDITIONS
            if viewers.get(each) or self.sent_renditions[each]
        }
