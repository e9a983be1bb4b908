"""Converts libcamera's timestamp of a frame to the clocks that framebus publishes. Pure."""

from collections.abc import Callable

from framebus.runtime.host_clock import host_boottime, host_monotonic

RECENT_SECONDS = 5.0
"""A time that lies further back than this, beyond what the camera itself takes, is of another clock."""
AHEAD_SECONDS = 0.1
"""The kernel stamps the frame before we look at the clock; more than this ahead is another clock."""

# libcamera's documentation of SensorTimestamp says CLOCK_BOOTTIME; the kernel's drivers for the Pi stamp with
# CLOCK_MONOTONIC, and so does libcamera's own `virtual` pipeline. They differ by the time that a machine has slept.
_CLOCKS: tuple[Callable[[], float], ...] = (host_monotonic, host_boottime)


def age(sensor_timestamp: object, period_seconds: float) -> float:
    """How many seconds ago the sensor began this frame; 0 where that cannot be told.

    `sensor_timestamp` is libcamera's SensorTimestamp in nanoseconds; a frame is exposed for as long as its period.
    """
    if isinstance(sensor_timestamp, int):
        for now in _CLOCKS:
            seconds = now() - sensor_timestamp / 1e9
            if -AHEAD_SECONDS <= seconds <= RECENT_SECONDS + 2 * period_seconds:
                return max(seconds, 0.0)
    return 0.0
