"""The wire format: one message is one part, `<kind>/<camera> LF <one line of JSON> LF <body>`.

Pure code: bytes in, typed headers out, and back. Sockets are left to the modules that own them. docs/wire-format.md
says the same for other languages, and the golden files under tests/framebus/golden hold both to it.
"""

import re
from functools import cache
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeVar

import msgspec

from framebus.errors import FramebusError

VERSION: Final = 1

MAX_MESSAGE_BYTES = 32 * 1024 * 1024
"""No message is larger: room for a 100-megapixel JPEG, and a bound on what a broken peer can make us hold."""

MAX_REQUEST_BYTES = 64 * 1024
"""No request to a service is larger."""

MAX_ENVELOPE_PARTS = 8
"""Parts that a requester may put before its request; they come back before the reply. With more, it gets no reply."""

STATUS_TIMEOUT_SECONDS = 3.0
"""capture sends a status once a second; after this long without one, it counts as absent."""

AGE_BOUNDS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Of the histogram of ages: Prometheus' own default bounds."""

CAMERA_PATTERN = r"\A[a-z0-9][a-z0-9_-]{0,31}\Z"
CAMERA_ALLOWED = "1 to 32 of a-z, 0-9, - and _, the first a letter or a digit"

Kind = Literal["live", "peek", "full", "status", "snapshot", "clip", "controls", "error", "viewers"]
FRAME_KINDS: tuple[Kind, ...] = ("live", "peek", "full", "snapshot")
KINDS: tuple[Kind, ...] = (*FRAME_KINDS, "status", "clip", "controls", "error", "viewers")

CameraName = Annotated[str, msgspec.Meta(pattern=CAMERA_PATTERN)]
Count = Annotated[int, msgspec.Meta(ge=0)]
State = Literal["starting", "live", "idle", "offline"]


class WireError(FramebusError, ValueError):
    """A message that is not of the wire format; the text says what is wrong with it."""


class FrameHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one picture. Times are seconds; see docs/wire-format.md for each key."""

    v: Literal[1]
    camera: CameraName
    seq: Annotated[int, msgspec.Meta(ge=1)]
    epoch: str
    captured: float
    monotonic: float
    published: float
    width: Annotated[int, msgspec.Meta(ge=1)]
    height: Annotated[int, msgspec.Meta(ge=1)]
    orientation: Annotated[int, msgspec.Meta(ge=1, le=8)] = 1
    source: str
    dropped: Annotated[int, msgspec.Meta(ge=0)]
    camera_metadata: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class StatusHeader(msgspec.Struct, frozen=True, kw_only=True):
    """How a camera does: once a second, and at every change of state."""

    v: Literal[1]
    camera: CameraName
    state: State
    reason: str
    """Why it is in this state, in words; empty when live."""
    since: float
    """Unix seconds of the last change of state."""
    epoch: str
    pid: int
    source: str
    """What is really used: `auto` has become the camera it chose."""
    seq: int
    """Of the newest published frame; 0 before the first."""
    captured: float | None
    """Unix seconds of the newest published frame, and below its CLOCK_MONOTONIC; null before the first."""
    monotonic: float | None
    width: int
    height: int
    fps: float
    """Frames published in the last second."""
    watched: bool
    """Whether anybody subscribes to live/."""
    dropped: int
    """Camera frames lost before they reached us."""
    bad: int
    """Frames thrown away because they were no whole JPEG."""
    refused: Count | msgspec.UnsetType = msgspec.UNSET
    """Connections over tcp that were refused for want of a listed key."""


class ErrorHeader(msgspec.Struct, frozen=True, kw_only=True):
    """Why a service could not answer; the message is a sentence for people, the code is for programs."""

    v: Literal[1]
    code: str
    message: str


class CameraStats(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one worker of the gateway does for a camera; the frames are counted since it started."""

    viewers: Count
    received: Count
    missed: Count
    sent: Count
    sent_bytes: Count = 0
    skipped_line: Count = 0
    """Frames that a viewer did not get, each counted: its line was busy."""
    skipped_page: Count = 0
    """The same: the page had not drawn those before."""
    runs: Count = 0
    """Runs of the capture process that were seen."""
    ages: list[Count] = []
    """How old frames were when they were sent: how many up to each of AGE_BOUNDS_SECONDS, and above the last."""
    age_seconds: float = 0.0
    """The sum of their ages."""


class ViewersHeader(msgspec.Struct, frozen=True, kw_only=True):
    """Who watches through one worker of the gateway: once a second and soon after a change, for the other workers.

    In the place of the camera, the first line names the worker.
    """

    v: Literal[1]
    pid: int
    viewers: Count
    """Connections; a page that shows two cameras is one, and counts for both of them below."""
    cameras: dict[CameraName, CameraStats]


HeaderT = TypeVar("HeaderT", bound=msgspec.Struct)


class Message(NamedTuple):
    """A message taken apart, its header not yet read."""

    kind: Kind
    camera: str
    header: bytes
    body: bytes


class _Version(msgspec.Struct, frozen=True):
    v: Any = msgspec.UNSET


_encoder = msgspec.json.Encoder()
_version_decoder = msgspec.json.Decoder(_Version)


@cache
def _decoder(kind: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def topic(kind: Kind, camera: str) -> bytes:
    """The first line with its LF: what to subscribe to, so that `cam1` never matches `cam10`."""
    return f"{kind}/{camera}\n".encode()


def pack(kind: Kind, camera: str, header: msgspec.Struct, body: bytes = b"") -> bytes:
    """Build one message."""
    return b"".join((topic(kind, camera), _encoder.encode(header), b"\n", body))


def retopic(message: bytes, kind: Kind, camera: str) -> bytes:
    """The same header and body under another first line: a `live/` frame becomes a `peek/` or a `snapshot/`."""
    return topic(kind, camera) + message[message.index(b"\n") + 1 :]


def split(message: bytes) -> Message:
    """Take a message apart.

    Raises WireError for a message without the two line ends, of an unknown kind, over MAX_MESSAGE_BYTES, or with a
    camera name outside CAMERA_PATTERN. Only an `error/` message may name no camera, as its request named none.
    """
    if len(message) > MAX_MESSAGE_BYTES:
        raise WireError(f"message of {len(message)} bytes, allowed: at most {MAX_MESSAGE_BYTES}")
    parts = message.split(b"\n", 2)
    if len(parts) != 3:
        raise WireError(f"message with {len(parts) - 1} line ends, expected 2 or more: {_shown(message)}")
    first, header, body = parts
    kind, slash, camera = first.decode("utf-8", "replace").partition("/")
    if not slash or kind not in KINDS:
        raise WireError(f"message of kind {_shown(first)}, allowed: {', '.join(KINDS)}, each followed by /camera")
    if not is_camera_name(camera) and not (kind == "error" and camera == ""):
        raise WireError(f"message for camera {_shown(camera.encode())}, allowed: {CAMERA_ALLOWED}")
    return Message(kind, camera, header, body)


def decode(header: bytes, kind: type[HeaderT]) -> HeaderT:
    """Read a JSON header, or a request, as the given struct.

    Raises WireError when it is no JSON, of another version, or lacks a key or has one of the wrong type.
    """
    try:
        found: HeaderT = _decoder(kind).decode(header)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(_version_mistake(header) or f"{kind.__name__}: {error}") from None
    return found


def parse(message: bytes, kind: type[HeaderT]) -> tuple[Message, HeaderT]:
    """Take apart a message and read its header, which must be of the camera that the first line names.

    Raises WireError.
    """
    parts = split(message)
    header = decode(parts.header, kind)
    named = getattr(header, "camera", parts.camera)
    if named != parts.camera:
        raise WireError(f"header of camera {named} in a message for camera {parts.camera}")
    return parts, header


def is_camera_name(name: str) -> bool:
    """Whether this may name a camera."""
    return re.match(CAMERA_PATTERN, name) is not None


def _version_mistake(header: bytes) -> str | None:
    try:
        version = _version_decoder.decode(header).v
        found = _shown(repr(version).encode())  # nests deeper than the decoder does: it too may be too much
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if version is msgspec.UNSET or version == VERSION:
        return None
    return f"version {found} of the wire format, this program reads version {VERSION}"


def _shown(found: bytes, most: int = 40) -> str:
    text = found[:most].decode("utf-8", "backslashreplace")
    return ascii(text) + ("…" if len(found) > most else "")
