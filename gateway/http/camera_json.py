"""The state of the cameras as plain data: for /api/cameras, and for /state in ustreamer's shape."""

from typing import Any

import msgspec

from framebus.protocol.renditions import RENDITIONS, rendition_size
from gateway.cameras.feed import Feed


def camera(feed: Feed, title: str | None, viewers: int, prefix: str = "") -> dict[str, Any]:
    """One entry of /api/cameras. Times are Unix seconds, `age` seconds, `fps` what is published.

    `title` is that of the configuration; without one, the entry has the camera's name there. `viewers` are those of all
    workers, here and below; `prefix` is the path under which a proxy serves the gateway.
    """
    status = feed.status
    return {
        "name": feed.camera,
        "title": title or feed.camera,
        "state": status.state,
        "reason": status.reason,
        "since": status.since,
        "fps": status.fps,
        "viewers": viewers,
        "width": status.width,
        "height": status.height,
        "renditions": _renditions(feed),
        "seq": status.seq,
        "captured": status.captured,
        "age": None if feed.age is None else round(feed.age, 4),
        "source": status.source,
        "dropped": status.dropped,
        "bad": status.bad,
        "urls": {
            "page": f"{prefix}/camera/{feed.camera}/",
            "stream": f"{prefix}/camera/{feed.camera}/stream.mjpg",
            "snapshot": f"{prefix}/camera/{feed.camera}/snapshot.jpg",
            "websocket": f"{prefix}/camera/{feed.camera}/ws",
            "controls": f"{prefix}/api/cameras/{feed.camera}/controls",
        },
    }


def _renditions(feed: Feed) -> list[dict[str, Any]]:
    """The smaller sizes, the largest first; none of a capture that makes none, or before the first frame."""
    status = feed.status
    if status.renditions is msgspec.UNSET or not status.width:
        return []
    sizes = ((name, rendition_size(status.width, status.height, name)) for name in RENDITIONS)
    return [{"name": name, "width": width, "height": height} for name, (width, height) in sizes]


def ustreamer_state(feed: Feed, viewers: int, desired_fps: float, quality: int) -> dict[str, Any]:
    """The answer of ustreamer's /state (its http/server.c), for programs that were written for it."""
    status = feed.status
    return {
        "ok": True,
        "result": {
            "instance_id": "",
            "encoder": {"type": "CPU", "quality": quality},
            "source": {
                "resolution": {"width": status.width, "height": status.height},
                "online": status.state in ("live", "idle"),
                "desired_fps": round(desired_fps),
                "captured_fps": round(status.fps),
            },
            "stream": {"queued_fps": round(status.fps), "clients": viewers, "clients_stat": {}},
        },
    }
