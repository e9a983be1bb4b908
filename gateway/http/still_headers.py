"""The headers of a still over HTTP. Pure: a frame in, headers out."""

import re
from email.utils import formatdate

from framebus.protocol.frame import Frame
from framebus.protocol.stills import SnapshotRequest

MAX_AGE_SECONDS = 2**31
"""Largest value of an Age header (RFC 9111, section 1.2.2)."""
MAX_EPOCH = 64
"""Letters of an epoch that stand in an ETag."""
NOT_IN_A_TAG = re.compile(r"[^\x21\x23-\x7e]")
"""What an ETag must not contain (RFC 9110, section 8.8.3)."""


def headers(frame: Frame, request: SnapshotRequest) -> dict[str, str]:
    """The headers that describe a still. Times are of its capture; sizes are in pixels, as stored."""
    return {
        "Content-Type": "image/jpeg",
        "Cache-Control": "no-store",
        "Last-Modified": _http_date(frame.captured),
        "Age": str(int(min(max(0, frame.age), MAX_AGE_SECONDS))),
        "ETag": etag(frame, request),
        "X-Timestamp": f"{frame.captured:.6f}",
        "X-Width": str(frame.width),
        "X-Height": str(frame.height),
        "X-Camera": frame.camera,
    }


def recorded_headers(frame: Frame, request: SnapshotRequest, now: float) -> dict[str, str]:
    """The same for a frame of a recording: its monotonic clock may be that of an earlier boot, its `seq` made up.

    Args:
        frame: with the moment of the time line as `captured`.
        request: for it.
        now: Unix seconds.
    """
    age = str(int(min(max(0, now - frame.captured), MAX_AGE_SECONDS)))
    return {**headers(frame, request), "Age": age, "ETag": f'"recorded-{frame.captured:.6f}"'}


def etag(frame: Frame, request: SnapshotRequest) -> str:
    """Identifies the frame and how it was converted (RFC 9110, section 8.8.3)."""
    parts = [
        f"{letter}{value}"
        for letter, value in (("w", request.width), ("h", request.height), ("q", request.quality))
        if value is not None
    ]
    parts += ["up"] if request.orientation else []
    parts += ["full"] if request.full else []
    return f'"{"-".join([NOT_IN_A_TAG.sub("", frame.epoch)[:MAX_EPOCH], str(frame.seq), *parts])}"'


def matches(if_none_match: str, tag: str) -> bool:
    """Whether an If-None-Match header names this ETag (RFC 9110, section 13.1.2)."""
    given = [candidate.strip().removeprefix("W/") for candidate in if_none_match.split(",")]
    return "*" in given or tag in given


def _http_date(unix_seconds: float) -> str:
    """The date of a header; the epoch's for a time that the calendar cannot express."""
    try:
        return formatdate(unix_seconds, usegmt=True)
    except (OverflowError, ValueError, OSError):
        return formatdate(0, usegmt=True)
