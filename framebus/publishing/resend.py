"""How old the newest frame may be that a new subscriber gets at once. Pure."""

RESEND_MAX_AGE_SECONDS = 2.0
"""A new subscriber gets the newest frame at once, unless that is older: then it waits for a fresh one."""
SLOW_SHARE = 0.75
"""A camera that gives less than this share of what is wanted is as slow as it is measured."""


def max_age_seconds(configured_fps: float, measured_fps: float, wanted_fps: float) -> float:
    """The limit: the camera's own period, where that is longer than RESEND_MAX_AGE_SECONDS.

    Args:
        configured_fps: the most that the camera is asked for.
        measured_fps: what it gave last; 0 where that is not known.
        wanted_fps: what the subscribers wanted then. A rate that is low because nobody watches is not the camera's.
    """
    period = 1 / configured_fps
    if 0 < measured_fps < SLOW_SHARE * wanted_fps:
        period = max(period, 1 / measured_fps)
    return max(RESEND_MAX_AGE_SECONDS, period)
