"""The newest frame of a driver's buffers is read, losses are counted, and clocks that are off are not believed.

The driver is a script here: its sequence numbers and time stamps decide. test_odd_drivers has the same over a device.
"""

import time
from collections import deque
from typing import cast

import pytest

from capture.v4l2.buffer_queue import LAGS_IN_A_ROW, LEAST_LAG_SECONDS, SEQUENCES, STALE_PERIODS, BufferQueue
from capture.v4l2.device import Filled, V4l2Device

PERIOD_SECONDS = 0.1
SLOW_PERIOD_SECONDS = 100.0
"""Longer than any part of a test takes on a busy machine."""
LEAST_BYTES = 100


class Driver:
    """A streaming device with four buffers, of which a test says what is in them."""

    buffer_count = 4

    def __init__(self) -> None:
        self.ready: deque[Filled] = deque()
        self.coming: deque[list[Filled]] = deque()
        """What arrives each time it is waited for."""
        self.with_driver: list[int] = []
        """The buffers that were given back, in order."""
        self.is_broken = False
        self._count = 0

    def filled(
        self, sequence: int, age: float | None = 0.0, *, failed: bool = False, bytes_used: int = LEAST_BYTES
    ) -> Filled:
        """A buffer whose time stamp is `age` seconds old as it is read; None for a driver without one."""
        now = time.monotonic()
        self._count += 1
        index = (self._count - 1) % self.buffer_count
        return Filled(index, ((0, bytes_used),), bytes_used, sequence, failed, now, None if age is None else now - age)

    def wait(self, seconds: float) -> bool:
        if not self.ready and self.coming and seconds > 0:
            self.ready.extend(self.coming.popleft())
        return bool(self.ready)

    def dequeue(self) -> Filled | None:
        return self.ready.popleft() if self.ready else None

    def enqueue(self, index: int) -> None:
        self.with_driver.append(index)

    def data(self, filled: Filled) -> bytes:
        if self.is_broken:
            raise OSError(19, "No such device")
        return b"frame %d" % filled.sequence


@pytest.fixture
def driver() -> Driver:
    return Driver()


@pytest.fixture
def queue(driver: Driver) -> BufferQueue:
    return BufferQueue(cast(V4l2Device, driver), PERIOD_SECONDS, LEAST_BYTES)


def taken(queue: BufferQueue, driver: Driver, *filled: Filled) -> bytes | None:
    """What is handed over once these buffers arrive."""
    driver.coming.append(list(filled))
    frame = queue.take(5.0)
    return None if frame is None else frame.data


def test_the_newest_frame_is_handed_over_and_every_buffer_goes_back(queue: BufferQueue, driver: Driver) -> None:
    driver.ready.extend(driver.filled(number) for number in range(4))
    frame = queue.take(0.0)
    assert frame is not None
    assert frame.data == b"frame 3"
    assert sorted(driver.with_driver) == [0, 1, 2, 3]
    assert queue.lost == 0


def test_a_frame_has_the_time_of_the_driver_or_of_its_arrival(queue: BufferQueue, driver: Driver) -> None:
    stamped, bare = driver.filled(0, 0.05), driver.filled(1, None)
    for filled, monotonic in ((stamped, stamped.timestamp), (bare, bare.dequeued)):
        driver.coming.append([filled])
        frame = queue.take(5.0)
        assert frame is not None
        assert frame.monotonic == monotonic


def test_a_frame_that_lay_in_the_buffers_for_too_long_is_not_handed_over(queue: BufferQueue, driver: Driver) -> None:
    driver.ready.append(driver.filled(0, STALE_PERIODS * PERIOD_SECONDS + 0.01))
    assert taken(queue, driver, driver.filled(1)) == b"frame 1"
    assert driver.with_driver == [0, 1]


def test_a_frame_that_is_as_old_as_the_latency_of_the_camera_is_fresh(queue: BufferQueue, driver: Driver) -> None:
    assert taken(queue, driver, driver.filled(0, 1.0)) == b"frame 0"
    driver.ready.append(driver.filled(1, 1.0 + STALE_PERIODS * PERIOD_SECONDS - 0.05))
    assert taken(queue, driver) == b"frame 1"


def test_a_frame_that_was_waited_for_shows_the_latency_of_the_camera(driver: Driver) -> None:
    slow = BufferQueue(cast(V4l2Device, driver), SLOW_PERIOD_SECONDS, LEAST_BYTES)
    latency = 5 * SLOW_PERIOD_SECONDS
    driver.coming.append([driver.filled(0, latency)])
    assert slow.wait(5.0)
    assert taken(slow, driver) == b"frame 0"
    driver.ready.append(driver.filled(1, latency + SLOW_PERIOD_SECONDS))
    assert slow.wait(5.0)
    assert taken(slow, driver) == b"frame 1"


def test_a_frame_that_was_there_before_it_was_waited_for_may_be_too_old(driver: Driver) -> None:
    fast = BufferQueue(cast(V4l2Device, driver), 0.0, LEAST_BYTES)
    driver.ready.append(driver.filled(0, 0.01))
    assert fast.wait(5.0)
    assert taken(fast, driver, driver.filled(1)) == b"frame 1"
    assert not fast.wait(5.0)


def test_where_nothing_comes_in_time_there_is_no_frame(queue: BufferQueue, driver: Driver) -> None:
    assert queue.take(0.0) is None
    assert queue.take(1.0) is None
    assert queue.take_all(1.0) == []


@pytest.mark.parametrize(
    ("sequences", "lost"),
    [
        ((0, 1, 2), 0),
        ((0, 2, 5), 3),
        ((7, 8), 0),
        ((SEQUENCES - 1, 0), 0),
        ((SEQUENCES - 1, 2), 2),
        ((5, 5, 5), 0),
        ((9, 3, 4), 0),
    ],
)
def test_a_gap_in_the_numbers_is_a_loss_unless_they_go_back(
    sequences: tuple[int, ...], lost: int, queue: BufferQueue, driver: Driver
) -> None:
    for sequence in sequences:
        taken(queue, driver, driver.filled(sequence))
    assert queue.lost == lost


def test_frames_that_are_left_out_on_purpose_are_no_loss(queue: BufferQueue, driver: Driver) -> None:
    taken(queue, driver, driver.filled(0))
    queue.unwanted()
    taken(queue, driver, driver.filled(50))
    taken(queue, driver, driver.filled(90))
    assert queue.lost == 0
    taken(queue, driver, driver.filled(92))
    assert queue.lost == 1


def test_bad_frames_are_counted_and_said_until_a_good_one_comes(queue: BufferQueue, driver: Driver) -> None:
    bad = [driver.filled(0, failed=True), driver.filled(1, failed=True)]
    driver.ready.extend(bad)
    assert queue.take(0.0) is None
    assert (queue.lost, queue.flaw) == (2, "the driver marked the last 2 frames as damaged")
    driver.ready.append(driver.filled(2, bytes_used=LEAST_BYTES - 1))
    assert queue.take(0.0) is None
    assert queue.flaw == "the last 3 frames were incomplete (99 bytes instead of 100)"
    assert taken(queue, driver, driver.filled(3)) == b"frame 3"
    assert (queue.lost, queue.flaw) == (3, "")
    assert sorted(driver.with_driver) == [0, 1, 2, 3]


def test_a_bad_frame_behind_a_good_one_does_not_hide_it(queue: BufferQueue, driver: Driver) -> None:
    driver.ready.extend([driver.filled(0), driver.filled(1, failed=True)])
    assert taken(queue, driver) == b"frame 0"
    assert queue.lost == 1


def test_a_clock_that_is_off_is_not_believed_after_some_frames(queue: BufferQueue, driver: Driver) -> None:
    old = LEAST_LAG_SECONDS + 100
    driver.coming.extend([driver.filled(number, old - number)] for number in range(LAGS_IN_A_ROW))
    frame = queue.take(5.0)
    assert frame is not None
    assert queue.clock_lag == pytest.approx(old, abs=LAGS_IN_A_ROW + 1)
    assert time.monotonic() - frame.monotonic < 5
    assert taken(queue, driver, driver.filled(9, old)) == b"frame 9"


@pytest.mark.parametrize("age", [LEAST_LAG_SECONDS - 0.1, 0.5])
def test_a_camera_that_is_late_is_believed(age: float, queue: BufferQueue, driver: Driver) -> None:
    for number in range(LAGS_IN_A_ROW + 2):
        assert taken(queue, driver, driver.filled(number, age)) == b"frame %d" % number
    assert queue.clock_lag == 0.0


def test_a_frame_that_the_driver_repeats_is_no_clock(queue: BufferQueue, driver: Driver) -> None:
    repeated = driver.filled(0, 100.0)
    for _ in range(LAGS_IN_A_ROW + 3):
        driver.coming.append([repeated])
    assert queue.take(5.0) is None
    assert queue.clock_lag == 0.0
    assert queue.flaw == "the driver repeats a frame that is 100 s old"


def test_take_all_hands_over_every_good_frame_in_order(queue: BufferQueue, driver: Driver) -> None:
    driver.ready.extend([driver.filled(0), driver.filled(1, failed=True), driver.filled(2), driver.filled(3)])
    assert [frame.data for frame in queue.take_all(0.0)] == [b"frame 0", b"frame 2", b"frame 3"]
    assert driver.with_driver == [0, 1, 2, 3]
    assert queue.lost == 1


def test_take_all_gives_a_frame_with_a_wrong_time_stamp_that_of_its_arrival(queue: BufferQueue, driver: Driver) -> None:
    filled = driver.filled(0, 100.0)
    driver.ready.append(filled)
    [frame] = queue.take_all(0.0)
    assert frame.monotonic == filled.dequeued


def test_take_all_ends_with_the_buffers_there_are(queue: BufferQueue, driver: Driver) -> None:
    driver.ready.extend(driver.filled(number) for number in range(10))
    assert len(queue.take_all(0.0)) == driver.buffer_count


def test_a_buffer_goes_back_even_where_its_data_cannot_be_read(queue: BufferQueue, driver: Driver) -> None:
    driver.is_broken = True
    driver.ready.append(driver.filled(0))
    with pytest.raises(OSError, match="No such device"):
        queue.take(0.0)
    assert driver.with_driver == [0]
