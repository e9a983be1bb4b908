"""The wire format: one message is one part, `<kind>/<camera> LF <one line of JSON> LF <body>`.

Pure code: bytes in, typed headers out, and back. Sockets are left to the modules that own them. docs/wire-format.md
says the same for other languages, and the golden files under tests/framebus/golden hold both to it.
"""

import re
from functools import cache, lru_cache
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeVar

import msgspec

from framebus.errors import FramebusError

VERSION: Final = 1

MAX_MESSAGE_BYTES = 32 * 1024 * 1024
"""No message is larger: room for a 100-megapixel JPEG, and a bound on what a faulty peer can make a reader hold."""

MAX_REQUEST_BYTES = 64 * 1024
"""No request to a service is larger."""

MAX_ENVELOPE_PARTS = 8
"""Parts that a requester may put before its request; they come back before the reply. With more, it gets no reply."""

STATUS_TIMEOUT_SECONDS = 3.0
"""capture sends a status once a second; after this long without one, it counts as absent."""

CAMERA_PATTERN = r"\A[a-z0-9][a-z0-9_-]{0,31}\Z"
CAMERA_ALLOWED = "1 to 32 of a-z, 0-9, - and _, the first a letter or a digit"

Kind = Literal[
    "live",
    "half",
    "quarter",
    "peek",
    "full",
    "status",
    "event",
    "snapshot",
    "recorded",
    "clip",
    "controls",
    "recorder",
    "error",
    "viewers",
]
FRAME_KINDS: tuple[Kind, ...] = ("live", "half", "quarter", "peek", "full", "snapshot", "recorded")
KINDS: tuple[Kind, ...] = (*FRAME_KINDS, "status", "event", "clip", "controls", "recorder", "error", "viewers")

MAX_COUNT: Final = 2**53 - 1
"""The largest integer that every JSON reader takes exactly (RFC 8259, section 6)."""
MAX_UNIX_SECONDS: Final = 32_503_680_000
"""The year 3000: every later time is a mistake, and breaks calendars."""
MAX_MONOTONIC_SECONDS: Final = 10_000_000_000
"""300 years; negative for a frame from before this machine was started."""
MAX_PIXELS: Final = 65535
"""The largest width and height of a JPEG (ITU-T T.81, B.2.2)."""
MAX_EPOCH_LENGTH: Final = 64
MAX_NAME_LENGTH: Final = 128
"""Of a control, a unit, a clip, or a key of camera_metadata, in characters."""
MAX_TEXT_LENGTH: Final = 16384
"""Of a reason, a source or a message, in characters."""
MAX_RENDITIONS: Final = 16
MAX_CAMERAS: Final = 256
"""In one message; more than any configuration has."""
MAX_PID: Final = 2**31 - 1
MAX_FPS: Final = 100_000
KNOWN_TEXTS: Final = 64
"""Texts that are known to be clean, such as those that a camera's headers repeat: 4 MB at most."""
MAX_HEADER_BYTES: Final = 512 * 1024
MAX_METADATA_DEPTH: Final = 8
MAX_METADATA_VALUES: Final = 4096
MAX_METADATA_INTEGER: Final = 2**63 - 1
MAX_REMEMBERED_TEXTS: Final = 64
"""Cameras whose texts are not checked again with each frame."""

CONTROL_CHARACTERS = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
TEXT_PATTERN = rf"\A[^{CONTROL_CHARACTERS}]*\Z"
"""One line: a text ends up in logs, HTTP headers and pages."""
TOKEN_PATTERN = r"\A[0-9A-Za-z._-]*\Z"
CODE_PATTERN = r"\A[a-z0-9][a-z0-9-]{0,63}\Z"

CameraName = Annotated[str, msgspec.Meta(pattern=CAMERA_PATTERN)]
Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]
Number = Annotated[int, msgspec.Meta(ge=1, le=MAX_COUNT)]
Pid = Annotated[int, msgspec.Meta(ge=0, le=MAX_PID)]
UnixSeconds = Annotated[float, msgspec.Meta(ge=0, le=MAX_UNIX_SECONDS)]
MonotonicSeconds = Annotated[float, msgspec.Meta(ge=-MAX_MONOTONIC_SECONDS, le=MAX_MONOTONIC_SECONDS)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=MAX_MONOTONIC_SECONDS)]
Pixels = Annotated[int, msgspec.Meta(ge=1, le=MAX_PIXELS)]
PixelsOrNone = Annotated[int, msgspec.Meta(ge=0, le=MAX_PIXELS)]
"""0 before the first frame."""
Rate = Annotated[float, msgspec.Meta(ge=0, le=MAX_FPS)]
Text = Annotated[str, msgspec.Meta(pattern=TEXT_PATTERN, max_length=MAX_TEXT_LENGTH)]
ShortText = Annotated[str, msgspec.Meta(pattern=TEXT_PATTERN, max_length=MAX_NAME_LENGTH)]
Epoch = Annotated[str, msgspec.Meta(pattern=TOKEN_PATTERN, max_length=MAX_EPOCH_LENGTH)]
Code = Annotated[str, msgspec.Meta(pattern=CODE_PATTERN)]
State = Literal["starting", "live", "idle", "offline"]


class WireError(FramebusError, ValueError):
    """A message does not follow the wire format; the text says where and how."""


class FrameHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The header of one picture. Times are seconds; see docs/wire-format.md for each key.

    `decode` checks its texts as FrameTexts has them.
    """

    v: Literal[1]
    camera: str
    seq: Number
    epoch: str
    captured: UnixSeconds
    monotonic: MonotonicSeconds
    published: MonotonicSeconds
    width: Pixels
    height: Pixels
    orientation: Annotated[int, msgspec.Meta(ge=1, le=8)] = 1
    source: str
    dropped: Count
    camera_metadata: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class FrameTexts(msgspec.Struct):
    """What the texts of a FrameHeader have to be. They are the same in all frames of a camera."""

    camera: CameraName
    epoch: Epoch
    source: Text


class RecordedHeader(FrameHeader, frozen=True, kw_only=True):
    """The header of a recorded frame as the websocket sends it: that of the frame, and where it belongs."""

    at: UnixSeconds
    """Its moment on the time line: `captured`, unless the clock was corrected afterwards."""
    id: Count
    """Of the request that it answers."""


class RenditionCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What capture did for the subscribers of one rendition, so far in this epoch."""

    made: Count
    """Frames that were made smaller, each once for all subscribers."""
    failed: Count = 0
    """Frames that could not be made smaller, and were sent as they are."""


class StatusHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a camera: once a second, and at every change of state."""

    v: Literal[1]
    camera: CameraName
    state: State
    reason: Text
    """Why it is in this state, in words; empty when live."""
    since: UnixSeconds
    """Unix seconds of the last change of state."""
    epoch: Epoch
    pid: Pid
    source: Text
    """The camera in use: `auto` has become the camera it chose."""
    seq: Count
    """Of the newest published frame; 0 before the first."""
    captured: UnixSeconds | None
    """Unix seconds of the newest published frame, and below its CLOCK_MONOTONIC; null before the first."""
    monotonic: MonotonicSeconds | None
    width: PixelsOrNone
    height: PixelsOrNone
    fps: Rate
    """Frames published in the last second."""
    watched: bool
    """Whether there are subscribers to live/ or to a rendition."""
    dropped: Count
    """Camera frames lost before they reached framebus."""
    bad: Count
    """Frames dropped because they were incomplete JPEGs."""
    refused: Count | msgspec.UnsetType = msgspec.UNSET
    """Connections over tcp that were refused because their key is not listed."""
    orientation: Annotated[int, msgspec.Meta(ge=1, le=8)] | msgspec.UnsetType = msgspec.UNSET
    """Of the newest published frame; left out before the first."""
    renditions: (
        Annotated[dict[ShortText, RenditionCounts], msgspec.Meta(max_length=MAX_RENDITIONS)] | msgspec.UnsetType
    ) = msgspec.UNSET
    """By the name of the rendition; left out by a capture that makes none."""


class ErrorHeader(msgspec.Struct, frozen=True, kw_only=True):
    """Why a service refused a request; the message is a sentence for people, the code is for programs."""

    v: Literal[1]
    code: Code
    message: Text


HeaderT = TypeVar("HeaderT", bound=msgspec.Struct)


class Message(NamedTuple):
    """A message taken apart, its header not yet read."""

    kind: Kind
    camera: str
    header: bytes
    body: bytes


class _Version(msgspec.Struct, frozen=True):
    v: Any = msgspec.UNSET


_control_characters = re.compile(f"[{CONTROL_CHARACTERS}\ud800-\udfff]")
_encoder = msgspec.json.Encoder()
_version_decoder = msgspec.json.Decoder(_Version)


@cache
def _text_fields(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """Those that may hold what a driver or a person wrote."""
    return tuple(name for name in ("reason", "source", "message") if name in kind.__struct_fields__)


@cache
def _decoder(kind: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


@lru_cache(len(KINDS) * MAX_CAMERAS)
def topic(kind: Kind, camera: str) -> bytes:
    """The first line with its LF: what to subscribe to, so that `cam1` never matches `cam10`."""
    return f"{kind}/{camera}\n".encode()


def pack(kind: Kind, camera: str, header: msgspec.Struct, body: bytes = b"") -> bytes:
    """Build one message. Control characters in its texts, such as those of a driver's error, become spaces."""
    return b"".join((topic(kind, camera), _encoder.encode(_cleaned(header)), b"\n", body))


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

    Raises WireError when it is not JSON, has another version, lacks a key, or has a value of another type or out of
    its bounds.
    """
    if len(header) > MAX_HEADER_BYTES:
        raise WireError(f"{kind.__name__} of {len(header)} bytes, allowed: at most {MAX_HEADER_BYTES}")
    try:
        decoded: HeaderT = _decoder(kind).decode(header)
        if isinstance(decoded, FrameHeader):
            _check_texts(decoded.camera, decoded.epoch, decoded.source)
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError) as error:
        raise WireError(_version_mistake(header) or f"{kind.__name__}: {error}") from None
    if (metadata := getattr(decoded, "camera_metadata", msgspec.UNSET)) is not msgspec.UNSET:
        check_metadata(metadata)
    return decoded


@lru_cache(MAX_REMEMBERED_TEXTS)
def _check_texts(camera: str, epoch: str, source: str) -> None:
    """Raises msgspec.ValidationError. It takes regular expressions, more than the rest of a header together."""
    msgspec.convert({"camera": camera, "epoch": epoch, "source": source}, FrameTexts)


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


@lru_cache(MAX_CAMERAS)
def is_camera_name(name: str) -> bool:
    """Whether this may name a camera."""
    return re.match(CAMERA_PATTERN, name) is not None


def one_line(text: str) -> str:
    """The text as a header may hold it: in one line, without control characters, of at most MAX_TEXT_LENGTH."""
    return _without_control_characters(text[:MAX_TEXT_LENGTH])


@lru_cache(KNOWN_TEXTS)
def _without_control_characters(text: str) -> str:
    return _control_characters.sub(" ", text)


def _cleaned(header: msgspec.Struct) -> msgspec.Struct:
    changes = {}
    for name in _text_fields(type(header)):
        text = getattr(header, name)
        if not isinstance(text, str):  # whoever reads it refuses it
            continue
        clean = _without_control_characters(text[:MAX_TEXT_LENGTH])
        if clean != text:
            changes[name] = clean
    return msgspec.structs.replace(header, **changes) if changes else header


def check_metadata(metadata: dict[str, Any]) -> None:
    """Raises WireError for values that a reader could not store, show or send on."""
    left = MAX_METADATA_VALUES
    level: list[Any] = [metadata]
    for _ in range(MAX_METADATA_DEPTH):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                for key in value:
                    _check_metadata_text(key, MAX_NAME_LENGTH)
                inner += value.values()
            elif isinstance(value, list):
                inner += value
            elif isinstance(value, str):
                _check_metadata_text(value, MAX_TEXT_LENGTH)
            elif isinstance(value, int) and not -MAX_METADATA_INTEGER <= value <= MAX_METADATA_INTEGER:
                raise WireError("camera_metadata with an integer of more than 63 bits")
        left -= len(inner)
        if left < 0:
            raise WireError(f"camera_metadata with more than {MAX_METADATA_VALUES} values")
        if not inner:
            return
        level = inner
    raise WireError(f"camera_metadata nested deeper than {MAX_METADATA_DEPTH}")


def _check_metadata_text(text: str, most: int) -> None:
    if len(text) > most or _control_characters.search(text):
        raise WireError(f"camera_metadata with a text of control characters or of more than {most} characters")


def _version_mistake(header: bytes) -> str | None:
    try:
        version = _version_decoder.decode(header).v
        shown = _shown(repr(version).encode())  # nests deeper than the decoder does: it too may be too much
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError):
        return None
    if version is msgspec.UNSET or version == VERSION:
        return None
    return f"version {shown} of the wire format, this program reads version {VERSION}"


def _shown(value: bytes, most: int = 40) -> str:
    text = value[:most].decode("utf-8", "backslashreplace")
    return ascii(text) + ("…" if len(value) > most else "")
