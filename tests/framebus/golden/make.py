"""The golden files: one message of each kind with fixed values, to hold every reader and writer to the same bytes.

`python -m tests.framebus.golden.make` writes them again. Do this for a new kind or a new key: where an existing file
would change, the format has changed, and with it the version.
"""

import time
from pathlib import Path
from typing import NamedTuple

import msgspec

from framebus.protocol.controls import Control, ControlsHeader
from framebus.protocol.events import EventHeader
from framebus.protocol.recorder import RecorderHeader
from framebus.protocol.stills import ClipHeader
from framebus.protocol.viewers import CameraStats, ViewersHeader
from framebus.protocol.wire import ErrorHeader, FrameHeader, Kind, RecordedHeader, StatusHeader, pack

FOLDER = Path(__file__).parent

JPEG = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000"
    "fffe000a6f6e650a74776f0a"  # a comment with line ends: the body may hold any byte
    "ffdb0043001b12141714111b1716171e1c1b2028422b28252528513a3d3042605565645f555d5b6a7899816a7190735b5d85b586909ea3abad"
    "abad6780bcc9baa6c799a8aba4ffc0000b080008001001011100ffc4001500010100000000000000000000000000000506ffc4001610000300"
    "00000000000000000000000000000541ffda0008010100003f00297c2997c3ffd9"
)
"""A complete JPEG of 16x8 pixels, from black to white."""

FRAME = FrameHeader(
    v=1,
    camera="front",
    seq=42,
    epoch="9f86d081884c7d65",
    captured=1767225600.123456,
    monotonic=5025.654321,
    published=5025.671234,
    width=16,
    height=8,
    orientation=6,
    source="v4l2:/dev/video0",
    dropped=3,
)

RECORDED = RecordedHeader(**msgspec.structs.asdict(FRAME), at=1767225601.123456, id=7)

STATUS = StatusHeader(
    v=1,
    camera="back-door",
    state="offline",
    reason="v4l2:/dev/video0: the device is gone; is the cable in?",
    since=1767225590.5,
    epoch="9f86d081884c7d65",
    pid=4711,
    source="v4l2:/dev/video0",
    seq=0,
    captured=None,
    monotonic=None,
    width=0,
    height=0,
    fps=0.0,
    watched=True,
    dropped=0,
    bad=7,
)

ERROR = ErrorHeader(v=1, code="unknown-camera", message="there is no camera cam10; there is “front”")


VIEWERS = ViewersHeader(
    v=1,
    pid=4712,
    viewers=2,
    cameras={
        "front": CameraStats(viewers=2, received=900, missed=3, sent=1750),
        "back-door": CameraStats(viewers=0, received=0, missed=0, sent=0),
    },
)


CLIP = ClipHeader(v=1, camera="front", id="0a1b2c3d4e5f6071", size=1000, offset=0, frames=3, seconds=0.2)

CONTROLS = ControlsHeader(
    v=1,
    camera="front",
    controls=[
        Control(name="brightness", type="float", value=0.5, default=0.0, min=-1, max=1),
        Control(name="power_line_frequency", type="menu", value=1, default=1, menu={"0": "Disabled", "1": "50 Hz"}),
        Control(name="privacy", type="bool", value=False, default=False, read_only=True),
    ],
)

EVENT = EventHeader(
    v=1,
    camera="front",
    type="motion",
    phase="update",
    id="9f86d081884c7d65-7",
    score=0.75,
    box=(0.125, 0.25, 0.5, 1.0),
    seconds=1.4,
    seq=42,
    epoch="9f86d081884c7d65",
    captured=1767225600.123456,
    monotonic=5025.654321,
    published=5025.68,
)


RECORDER = RecorderHeader(
    v=1,
    camera="front",
    state="recording",
    reason="",
    modes=["motion", "on-demand"],
    demanded=True,
    seconds_left=12.5,
    frames=1200,
    bytes=48_000_000,
    missed=1,
    dropped=2,
    held_bytes=12_500_000_000,
    kept_bytes=100_000_000,
    segments=4321,
    oldest=1766016000.25,
    free_bytes=None,
    deleted=17,
)


class Golden(NamedTuple):
    """A message that framebus of this version packs."""

    kind: Kind
    camera: str
    header: msgspec.Struct
    body: bytes


PACKED = {
    "live": Golden("live", "front", FRAME, JPEG),
    "half": Golden("half", "front", FRAME, JPEG),
    "quarter": Golden("quarter", "front", FRAME, JPEG),
    "peek": Golden("peek", "front", FRAME, JPEG),
    "snapshot": Golden("snapshot", "front", FRAME, JPEG),
    "full": Golden("full", "front", FRAME, JPEG),
    "recorded": Golden("recorded", "front", RECORDED, JPEG),
    "clip": Golden("clip", "front", CLIP, JPEG),
    "controls": Golden("controls", "front", CONTROLS, b""),
    "status": Golden("status", "back-door", STATUS, b""),
    "event": Golden("event", "front", EVENT, b""),
    "recorder": Golden("recorder", "front", RECORDER, b""),
    "error": Golden("error", "cam10", ERROR, b""),
    "viewers": Golden("viewers", "gateway-1", VIEWERS, b""),
    "error-without-camera": Golden("error", "", ErrorHeader(v=1, code="bad-request", message="what?"), b""),
}

FROM_LATER = (
    b"live/front\n"
    b'{"from_a_later_version":{"deep":[1,null]},"v":1,"camera":"front","seq":42,"epoch":"9f86d081884c7d65",'
    b'"captured":1767225600.123456,"monotonic":5.654321,"published":5.671234,"width":16,"height":8,'
    b'"source":"v4l2:/dev/video0","dropped":3,"camera_metadata":{"ExposureTime":9998,"ColourGains":[1.5,2.25]}}\n'
    + JPEG
)
"""A frame with a key that this version does not know, with the camera's own metadata, and without an orientation.

Its clock reads five seconds: a frame from before the machine's start is older, but none may be from after now."""


def from_later_now() -> bytes:
    """The same, captured just now: its fixed time is in the future of a machine that was started an hour ago."""
    now = f"{time.monotonic():.6f}".encode()
    return FROM_LATER.replace(b"5025.654321", now).replace(b"5025.671234", now)


def messages() -> dict[str, bytes]:
    """The content of each file, by its name without the suffix."""
    return {name: pack(*golden) for name, golden in PACKED.items()} | {"live-from-later": FROM_LATER}


if __name__ == "__main__":
    for name, message in messages().items():
        (FOLDER / f"{name}.bin").write_bytes(message)
