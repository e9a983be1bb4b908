"""The parameters of requests for recordings, and the names of what they answer with. Pure."""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from framebus.protocol.controls import shown
from framebus.recordings.timeline import GAP_SECONDS
from gateway.http import moment
from gateway.net.errors import HttpError

MAX_CLIP_SECONDS = 3600
MAX_GAP_SECONDS = 86_400
"""The longest pause that a list may pass over."""
UTC_OFFSET = re.compile(r"([+-])([01][0-9]):([0-5][0-9])")
"""Of a zone, as ISO 8601 writes it; the largest are -12:00 and +14:00."""
_MOMENT = {"type": "string", "description": "Unix seconds, or ISO 8601 with an offset."}
PERIOD_PARAMETERS: tuple[dict[str, Any], ...] = (
    {"name": "from", "in": "query", "required": False, "schema": _MOMENT},
    {"name": "to", "in": "query", "required": False, "schema": _MOMENT},
)
LISTING_PARAMETERS: tuple[dict[str, Any], ...] = (
    *PERIOD_PARAMETERS,
    {
        "name": "gap",
        "in": "query",
        "required": False,
        "schema": {
            "type": "number",
            "minimum": 0,
            "maximum": MAX_GAP_SECONDS,
            "default": GAP_SECONDS,
            "description": "Pauses up to so many seconds do not end a span.",
        },
    },
    {
        "name": "files",
        "in": "query",
        "required": False,
        "schema": {"type": "string", "description": "Lists the files, too, unless it is 0 or false."},
    },
    {
        "name": "bytes",
        "in": "query",
        "required": False,
        "schema": {
            "type": "string",
            "description": "Leaves out the bytes of the spans where it is 0 or false, without `files`: that is faster.",
        },
    },
)
EVENT_PARAMETERS: tuple[dict[str, Any], ...] = (
    *PERIOD_PARAMETERS,
    {
        "name": "begun",
        "in": "query",
        "required": False,
        "schema": {
            "type": "string",
            "description": "Leaves out what began before `from`, unless it is 0 or false: for the rest of a list.",
        },
    },
)
CLIP_PARAMETERS: tuple[dict[str, Any], ...] = tuple({**each, "required": True} for each in PERIOD_PARAMETERS)


class Period(msgspec.Struct, frozen=True):
    """A time, in Unix seconds."""

    begin: float
    end: float


def listed_period(query: Mapping[str, str]) -> Period:
    """What a list is to cover: all, unless `from` and `to` say less. Raises HttpError."""
    return _ordered(_time(query, "from", 0.0), _time(query, "to", math.inf))


def clip_period(query: Mapping[str, str]) -> Period:
    """What a clip is to cover. Raises HttpError."""
    return check_length(_whole_period(query))


def check_length(period: Period) -> Period:
    """Return a time that is not too long. Raises HttpError."""
    if period.end - period.begin > MAX_CLIP_SECONDS:
        seconds = f"{period.end - period.begin:.10g} seconds"
        raise HttpError(400, "bad-request", f"from and to: found {seconds}; allowed: at most {MAX_CLIP_SECONDS}")
    return period


def body_period(values: Mapping[str, object]) -> Period:
    """The time in the body of a request: `from` and `to`, as numbers or texts. Raises HttpError."""
    return _whole_period({name: str(values[name]) for name in ("from", "to") if name in values})


def body_utc_offset(values: Mapping[str, object]) -> int | None:
    """The offset from UTC in the body of a request, in minutes; None where there is none. Raises HttpError."""
    text = values.get("utc_offset")
    if text is None:
        return None
    found = UTC_OFFSET.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise HttpError(400, "bad-request", f"utc_offset: found {shown(str(text), 40)}; allowed: such as +01:00")
    sign, hours, minutes = found.groups()
    return int(f"{sign}1") * (60 * int(hours) + int(minutes))


def longest_gap(query: Mapping[str, str]) -> float:
    """The pause, in seconds, up to which a span goes on. Raises HttpError."""
    text = query.get("gap", "")
    try:
        value = float(text) if text else GAP_SECONDS
    except ValueError:
        value = -1.0
    if not 0 <= value <= MAX_GAP_SECONDS:  # nor NaN
        allowed = f"seconds, from 0 to {MAX_GAP_SECONDS}"
        raise HttpError(400, "bad-request", f"gap: found {shown(text, 40)}; allowed: {allowed}")
    return value


def wants(query: Mapping[str, str], name: str, default: str = "0") -> bool:
    """Whether a switch is on: `?files` says as much as `?files=1`."""
    return query.get(name, default).strip().lower() not in ("0", "false")


def download_name(camera: str, begin: float, seconds: float | None, suffix: str = "mkv") -> str:
    """A name for a file, with its local time and the zone's offset, such as front_2026-11-29_14-00-03+0100_60s.mkv."""
    try:
        time = f"{datetime.fromtimestamp(begin).astimezone():%Y-%m-%d_%H-%M-%S%z}"
    except (ValueError, OverflowError, OSError):
        time = f"{begin:.0f}"
    return f"{camera}_{time}{'' if seconds is None else f'_{seconds:.0f}s'}.{suffix}"


def _whole_period(query: Mapping[str, str]) -> Period:
    """A time of which both ends are given."""
    for name in ("from", "to"):
        if name not in query:
            raise HttpError(400, "bad-request", f"{name}: found nothing; allowed: {moment.ALLOWED}")
    return listed_period(query)


def _time(query: Mapping[str, str], name: str, default: float) -> float:
    text = query.get(name)
    return default if text is None else moment.moment(name, text)


def _ordered(begin: float, end: float) -> Period:
    if end < begin:
        raise HttpError(400, "bad-request", f"to: found {end:.10g}, before from ({begin:.10g}); allowed: a later time")
    return Period(begin, end)
