"""The age limit of the newest frame for a new subscriber. Pure."""

RESEND_MAX_AGE_SECONDS = 2.0
"""A new subscriber gets the newest frame at once. If that frame is older, the subscriber waits for a fresh one."""
SLOW_SHARE = 0.75
"""Below this share of the wanted rate, the measured rate counts as the camera's own."""


def max_age_seconds(configured_fps: float, measured_fps: float, wanted_fps: float) -> float:
    """Return the age limit: RESEND_MAX_AGE_SECONDS, or the camera's own period if that is longer.

    Args:
        configured_fps: the configured maximum rate.
        measured_fps: the rate of its last frames; 0 if unknown.
        wanted_fps: the rate that the subscribers needed then. A low rate without viewers says nothing about the camera.
    """
    period = 1 / configured_fps
    if 0 < measured_fps < SLOW_SHARE * wanted_fps:
        period = max(period, 1 / measured_fps)
    return max(RESEND_MAX_AGE_SECONDS, period)
