"""The headers of a still over HTTP. Pure: a frame in, headers out."""

from email.utils import formatdate

from framebus.protocol.frame import Frame
from framebus.protocol.stills import SnapshotRequest


def headers(frame: Frame, request: SnapshotRequest) -> dict[str, str]:
    """The headers that describe a still. Times are of its capture; sizes are in pixels, as stored."""
    return {
        "Content-Type": "image/jpeg",
        "Cache-Control": "no-store",
        "Last-Modified": formatdate(frame.captured, usegmt=True),
        "Age": str(max(0, int(frame.age))),
        "ETag": etag(frame, request),
        "X-Timestamp": f"{frame.captured:.6f}",
        "X-Width": str(frame.width),
        "X-Height": str(frame.height),
        "X-Camera": frame.camera,
    }


def etag(frame: Frame, request: SnapshotRequest) -> str:
    """Identifies the frame and how it was converted (RFC 9110, section 8.8.3)."""
    parts = [
        f"{letter}{value}"
        for letter, value in (("w", request.width), ("h", request.height), ("q", request.quality))
        if value is not None
    ]
    parts += ["up"] if request.orientation else []
    parts += ["full"] if request.full else []
    return f'"{"-".join([frame.epoch, str(frame.seq), *parts])}"'


def matches(if_none_match: str, tag: str) -> bool:
    """Whether an If-None-Match header names this ETag (RFC 9110, section 13.1.2)."""
    given = [candidate.strip().removeprefix("W/") for candidate in if_none_match.split(",")]
    return "*" in given or tag in given
