"""A moment as people read it in a sentence."""

from datetime import datetime


def time_of_day(unix_seconds: float) -> str:
    """Return the local time of day, such as 14:03:10.

    A time that the calendar cannot express, as a damaged or hostile message may hold, is "an unknown time".
    """
    try:
        return f"{datetime.fromtimestamp(unix_seconds):%H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return "an unknown time"
