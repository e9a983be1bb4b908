"""Moments in requests: Unix seconds, or a date and time with its offset from UTC (ISO 8601). Pure."""

import re
from datetime import datetime

from framebus.protocol.controls import shown
from framebus.protocol.wire import MAX_UNIX_SECONDS
from gateway.net.errors import HttpError

ALLOWED = "Unix seconds, or a time with its offset such as 2026-11-29T13:00:00+01:00, up to the year 3000"
MAX_CHARACTERS = 40
"""Longer ones are no times, and are not parsed."""


def moment(name: str, text: str) -> float:
    """Read a moment.

    A time without an offset is refused: the client and the server may have different time zones.

    Args:
        name: of the parameter, for the error.
        text: its value. A space stands for the plus sign that a URL has to write as %2B, and that many do not.

    Returns:
        Unix seconds.

    Raises:
        HttpError: it is none.
    """
    found = _unix_seconds(text)
    if found is None or not 0 <= found <= MAX_UNIX_SECONDS:  # nor NaN
        raise HttpError(400, "bad-request", f"{name}: found {shown(text, MAX_CHARACTERS)}; allowed: {ALLOWED}")
    return found


def _unix_seconds(text: str) -> float | None:
    text = text.strip().upper()  # RFC 3339 allows t and z, too
    if len(text) > MAX_CHARACTERS:
        return None
    try:
        return float(text)
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(re.sub(r" (\d\d(?::?\d\d)?)\Z", r"+\1", text) if "T" in text else text)
    except ValueError:
        return None
    return None if found.tzinfo is None else found.timestamp()
