"""How many bytes may be in flight to one page, over all of its cameras, and what its link carries. No sockets.

TCP delivers in order: the acknowledgement of a frame says that all frames sent before it have arrived. The time that
this took, less the delay of the link, gives its capacity. The delay is the trip of a websocket ping that is sent while
nothing else is in flight. What is in flight is limited to what the link drains in DRAIN_SECONDS, and to one frame where
a single frame takes longer. So a buffer in between, whatever its size, makes no picture older than that.
"""

from collections import deque

import msgspec

DRAIN_SECONDS = 0.2
"""What is in flight arrives within this time and the delay of the link."""
MOST_BYTES = 175_000
"""Nor is it more than this, beyond what the delay takes: a link that falls to 1 Mbit/s drains it in 1.4 s, and only
then does a smaller frame arrive."""
LEAST_DRAIN_SECONDS = 0.03
"""It may be more on a link that is so fast that it drains it within this time."""
NEARLY_FULL = 0.5
"""Share of what may be in flight."""
FIRST_FRAMES = 2
"""Frames in flight while the capacity is unknown, which is before the first acknowledgement: as many as MOST_BYTES
allow, and one in any case."""
SLICE_SECONDS = 0.25
"""A sample of the capacity covers the time until nothing is in flight, or this time where something always is."""
LEAST_SECONDS = 0.001
LEAST_SHARE = 0.03
"""The shortest transmission that is measured, in seconds and as a share of the delay, which varies."""
SAMPLES = 3
"""The capacity is the median of so many samples: one hiccup does not change it, and two slow frames do."""
DELAYS = 3
"""The delay is the least of so many pings."""
PING_SECONDS = 5.0
"""Between two pings that measure the delay, on a link that is idle now and then."""
LATE = 1.25
"""Times the expected trip, after which a frame is late: the link has become slower, and nothing more is sent."""
LATE_BEYOND_SECONDS = 0.005
"""What any trip may take more."""
LATE_TRIP_SECONDS = 0.5
LATE_TRIPS = 2.0
"""A frame that took longer than this, and so many times longer than expected, shows that the link has become slow."""
PAUSE_SECONDS = 0.7
"""For so long nothing is sent behind it where a smaller size may follow: another large frame would hold that up. Then
the frames of the last second are too few, whatever the rate was before."""
ASK_SECONDS = 0.3
"""A frame that is in flight for this long may have arrived without being drawn: a ping tells."""
LOST_SECONDS = 30.0
"""A ping without an answer is repeated after this time."""
DELAY_KEPT_SECONDS = 30.0
"""After this time nothing is sent until nothing is in flight, so that the delay can be measured again."""
WINDOW_SECONDS = 1.0
"""The use of the link is counted over this time, and its best samples are looked for."""
BEST_QUARTER = 0.75
ACK_WINDOW = 2
"""Unacknowledged frames of a camera: one being drawn and one in transit."""
DELAYED_FPS = 30
"""On a link with a long delay, as many more as are taken at this rate while the acknowledgement travels."""
MAX_DELAYED = 10


class Sent(msgspec.Struct, frozen=True):
    """A frame in flight."""

    number: int
    size: int
    at: float


class Ping(msgspec.Struct, frozen=True):
    """A ping that was not answered yet."""

    at: float
    before: int
    """The number of the first frame that was sent after it."""
    alone: bool
    """Whether nothing else was in flight."""


class LinkBudget:
    """What is in flight on one connection. All times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self.looks_for_room = False
        """Whether a ping follows each frame: its answer tells when the frame has arrived, whenever it is drawn.

        Drawing a small frame takes longer than its transmission, and the link would seem too slow for larger ones."""
        self.may_shrink = False
        """Whether a smaller size may follow where the link becomes slow."""
        self._paused_until = float("-inf")
        self._resumed_with = 0
        self._in_flight: deque[Sent] = deque()
        self._in_flight_bytes = 0
        self._numbers: dict[tuple[str, int], int] = {}
        self._next_number = 0
        self._arrived_at = 0.0
        self._slice_since = 0.0
        self._slice_bytes = 0
        self._slice_seconds = 0.0
        self._samples: deque[float] = deque(maxlen=SAMPLES)
        self._capacity: float | None = None
        self._recent_samples: deque[tuple[float, float]] = deque()
        self._arrivals: deque[tuple[float, int]] = deque()
        self._delays: deque[float] = deque(maxlen=DELAYS)
        self._delay_seconds = 0.0
        self._delay_at: float | None = None
        self._ping: Ping | None = None
        self._pinged_at = float("-inf")

    @property
    def in_flight_bytes(self) -> int:
        """Bytes of the frames that were sent and have not arrived, as far as is known."""
        return self._in_flight_bytes

    @property
    def delay_seconds(self) -> float:
        """The trip of an empty message; 0 until it was measured."""
        return self._delay_seconds

    @property
    def capacity(self) -> float | None:
        """Bytes per second that the link carries; None before the first acknowledgement."""
        return self._capacity

    @property
    def window(self) -> int:
        """How many frames of one camera may wait for their acknowledgement."""
        return ACK_WINDOW + min(MAX_DELAYED, int(self.delay_seconds * DELAYED_FPS))

    def best_capacity(self, now: float) -> float | None:
        """Return the capacity by the best quarter of the samples of the last WINDOW_SECONDS.

        Where the delay varies, a frame that came without it shows what the link carries; the others show less.
        """
        _drop_old(self._recent_samples, now)
        samples = sorted(sample for _, sample in self._recent_samples)
        return samples[int(len(samples) * BEST_QUARTER)] if samples else self.capacity

    def used(self, now: float) -> float:
        """Return how many bytes per second have arrived in the last WINDOW_SECONDS."""
        _drop_old(self._arrivals, now)
        return sum(size for _, size in self._arrivals) / WINDOW_SECONDS

    def in_flight_seconds(self, now: float) -> float:
        """Return how long the oldest frame has been in flight; 0 if there is none."""
        return now - self._in_flight[0].at if self._in_flight else 0.0

    def has_room(self, size: int, now: float) -> bool:
        """Return whether a frame of so many bytes may be sent now."""
        if self.is_paused(now):
            return False
        if not self._in_flight:
            return True
        if self._delay_at is not None and now - self._delay_at > DELAY_KEPT_SECONDS:
            return False
        capacity = self.capacity
        if capacity is None:
            return len(self._in_flight) < FIRST_FRAMES and self._in_flight_bytes + size <= MOST_BYTES
        expected = self.delay_seconds + LATE * self._in_flight_bytes / capacity + LATE_BEYOND_SECONDS
        if self.in_flight_seconds(now) > expected:
            return False
        return self._in_flight_bytes + size <= self._limit(capacity)

    def is_paused(self, now: float) -> bool:
        """Return whether nothing is sent until it is decided which size follows."""
        return self.may_shrink and now < self._paused_until

    def resume(self) -> None:
        """A smaller size follows: send its frames, however late those before them are."""
        self._paused_until = float("-inf")
        self._resumed_with = self._next_number

    def sent(self, camera: str, seq: int, size: int, now: float) -> None:
        """A frame of so many bytes is sent."""
        if not self._in_flight:
            self._slice_since = now
        self._numbers[camera, seq] = self._next_number
        self._in_flight.append(Sent(self._next_number, size, now))
        self._next_number += 1
        self._in_flight_bytes += size

    def acknowledged(self, camera: str, seq: int, now: float) -> None:
        """A frame was drawn, or given up by the page; one that was never sent is ignored."""
        number = self._numbers.pop((camera, seq), None)
        if number is not None:
            self._arrived(number, now)

    def forget(self, camera: str, seq: int) -> None:
        """The acknowledgement of this frame will not be reported; it stays in flight until a later one arrives."""
        self._numbers.pop((camera, seq), None)

    def is_ping_due(self, now: float) -> bool:
        """Return whether to send a ping now; if so, call `pinged`."""
        if self._ping is not None:
            return now - self._ping.at > LOST_SECONDS
        if not self._in_flight:
            return self._delay_at is None or now - self._delay_at >= PING_SECONDS
        if self.looks_for_room or self._is_nearly_full:
            return True
        return self.in_flight_seconds(now) > ASK_SECONDS and now - self._pinged_at >= ASK_SECONDS

    def pinged(self, now: float) -> None:
        """A ping is sent."""
        self._ping = Ping(now, self._next_number, alone=not self._in_flight)
        self._pinged_at = now
        if self._ping.alone:
            self._delay_at = now

    def ponged(self, now: float) -> None:
        """The ping was answered: all that was sent before it has arrived."""
        ping, self._ping = self._ping, None
        if ping is None:
            return
        if ping.alone:
            self._delays.append(now - ping.at)
            self._delay_seconds = min(self._delays)
        self._arrived(ping.before - 1, now)

    def _limit(self, capacity: float) -> float:
        """How many bytes may be in flight, unless they are of a single frame."""
        drained = min(DRAIN_SECONDS * capacity, max(MOST_BYTES, LEAST_DRAIN_SECONDS * capacity))
        return drained + self.delay_seconds * capacity

    @property
    def _is_nearly_full(self) -> bool:
        """Whether the next frame may have to wait: a ping tells of an arrival sooner than the drawing does."""
        capacity = self.capacity
        return capacity is not None and self._in_flight_bytes > NEARLY_FULL * self._limit(capacity)

    def _arrived(self, number: int, now: float) -> None:
        """All frames up to this number have arrived.

        A link transmits a frame once it has come to the near end and the one before is through. Both are seen at the
        far end, one delay later: the transmission began at the arrival of the one before, or one delay after this one
        was sent, whichever was later.
        """
        size = 0
        if self._in_flight and self._in_flight[0].number <= number and self._is_late(now):
            self._paused_until = now + PAUSE_SECONDS
        while self._in_flight and self._in_flight[0].number <= number:
            sent = self._in_flight.popleft()
            size += sent.size
            self._slice_seconds += max(0.0, now - max(self._arrived_at, sent.at + self.delay_seconds))
            self._arrived_at = now
        if not size:
            return
        self._in_flight_bytes -= size
        self._slice_bytes += size
        self._arrivals.append((now, size))
        _drop_old(self._arrivals, now)
        if not self._in_flight or now - self._slice_since >= SLICE_SECONDS:
            self._measure(now)

    def _is_late(self, now: float) -> bool:
        """Whether the oldest frame in flight takes much longer than what was measured so far explains."""
        capacity = self.capacity
        if capacity is None or self._in_flight[0].number < self._resumed_with:
            return False
        expected = self.delay_seconds + self._in_flight_bytes / capacity
        return self.in_flight_seconds(now) > max(LATE_TRIP_SECONDS, LATE_TRIPS * expected)

    def _measure(self, now: float) -> None:
        """Take a sample of the capacity."""
        seconds = max(self._slice_seconds, self.delay_seconds * LEAST_SHARE, LEAST_SECONDS)
        self._samples.append(self._slice_bytes / seconds)
        self._capacity = _median(self._samples)
        self._recent_samples.append((now, self._slice_bytes / seconds))
        _drop_old(self._recent_samples, now)
        self._slice_since, self._slice_bytes, self._slice_seconds = now, 0, 0.0


def _drop_old(entries: deque[tuple[float, int]] | deque[tuple[float, float]], now: float) -> None:
    """Drop what is older than WINDOW_SECONDS, at each new entry: a page in full size reads none of them."""
    while entries and now - entries[0][0] > WINDOW_SECONDS:
        entries.popleft()


def _median(samples: deque[float]) -> float:
    """As statistics.median: that module takes 0.3 MB, with fractions."""
    ordered, middle = sorted(samples), len(samples) // 2
    return ordered[middle] if len(samples) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
