"""The parameters of requests for recordings, and the names of what they answer with. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from framebus.protocol.controls import shown
from framebus.protocol.wire import MAX_UNIX_SECONDS
from gateway.net.errors import HttpError

MAX_CLIP_SECONDS = 3600
TIME_ALLOWED = "Unix seconds, up to the year 3000"
_TIME = {"type": "number", "minimum": 0, "maximum": MAX_UNIX_SECONDS}
LISTING_PARAMETERS: tuple[dict[str, Any], ...] = (
    {"name": "from", "in": "query", "required": False, "schema": {**_TIME, "description": "Unix seconds."}},
    {"name": "to", "in": "query", "required": False, "schema": {**_TIME, "description": "Unix seconds."}},
    {
        "name": "files",
        "in": "query",
        "required": False,
        "schema": {"type": "string", "description": "Lists the files, too, unless it is 0 or false."},
    },
)
CLIP_PARAMETERS: tuple[dict[str, Any], ...] = tuple({**each, "required": True} for each in LISTING_PARAMETERS[:2])


@dataclass(frozen=True, slots=True)
class Period:
    """A time, in Unix seconds."""

    begin: float
    end: float


def listed_period(query: Mapping[str, str]) -> Period:
    """What a list is to cover: all, unless `from` and `to` say less. Raises HttpError."""
    return _ordered(_time(query, "from", 0.0), _time(query, "to", math.inf))


def clip_period(query: Mapping[str, str]) -> Period:
    """What a clip is to cover. Raises HttpError."""
    for name in ("from", "to"):
        if name not in query:
            raise HttpError(400, "bad-request", f"{name}: found nothing; allowed: {TIME_ALLOWED}")
    period = _ordered(_time(query, "from", 0.0), _time(query, "to", 0.0))
    if period.end - period.begin > MAX_CLIP_SECONDS:
        seconds = f"{period.end - period.begin:.10g} seconds"
        raise HttpError(400, "bad-request", f"from and to: found {seconds}; allowed: at most {MAX_CLIP_SECONDS}")
    return period


def wants_files(query: Mapping[str, str]) -> bool:
    """Whether the files are to be listed: `?files` says as much as `?files=1`."""
    return query.get("files", "0").strip().lower() not in ("0", "false")


def download_name(camera: str, begin: float, seconds: float | None) -> str:
    """A name for a file, with its local time and the zone's offset, such as front_2026-11-29_14-00-03+0100_60s.mkv."""
    try:
        time = f"{datetime.fromtimestamp(begin).astimezone():%Y-%m-%d_%H-%M-%S%z}"
    except (ValueError, OverflowError, OSError):
        time = f"{begin:.0f}"
    return f"{camera}_{time}{'' if seconds is None else f'_{seconds:.0f}s'}.mkv"


def _time(query: Mapping[str, str], name: str, default: float) -> float:
    text = query.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= MAX_UNIX_SECONDS:  # nor NaN
        raise HttpError(400, "bad-request", f"{name}: found {shown(text, 40)}; allowed: {TIME_ALLOWED}")
    return value


def _ordered(begin: float, end: float) -> Period:
    if end < begin:
        raise HttpError(400, "bad-request", f"to: found {end:.10g}, before from ({begin:.10g}); allowed: a later time")
    return Period(begin, end)
