"""The requests for stills and clips: the same over ZeroMQ (JSON), HTTP (query) and `framebus snapshot` (flags).

No sockets: texts and JSON in, requests out. The snapshot service answers them.
"""

import re
from functools import cache
from typing import Annotated, Any, Final, Literal, TypeVar, get_type_hints

import msgspec

from framebus.config.strict_toml import did_you_mean
from framebus.errors import FramebusError
from framebus.protocol import wire
from framebus.protocol.controls import shown
from framebus.protocol.wire import (
    CAMERA_ALLOWED,
    MAX_COUNT,
    MAX_REQUEST_BYTES,
    MAX_UNIX_SECONDS,
    VERSION,
    CameraName,
    Count,
    Epoch,
    is_camera_name,
)

DEFAULT_TIMEOUT_SECONDS: Final = 5.0
MAX_TIMEOUT_SECONDS: Final = 60.0
MAX_PIXELS_ASIDE: Final = 8192
SETTLE_ALLOWED = "seconds from 0 to 60, such as 1.5, or frames from 1f to 600f, such as 10f"
MAX_SETTLE_FRAMES = 600

Seconds = Annotated[float, msgspec.Meta(ge=0, le=86400, description="seconds from 0 to 86400")]
Pixels = Annotated[int, msgspec.Meta(ge=1, le=MAX_PIXELS_ASIDE, description="pixels, a whole number from 1 to 8192")]


class RequestError(FramebusError, ValueError):
    """A request is malformed; the text names the parameter, what was found, and what is allowed."""


class SnapshotRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request for a still: the newest frame, unless the other parameters ask for another one or convert it."""

    v: Annotated[Literal[1], msgspec.Meta(description="1")] = VERSION
    camera: str
    max_age: Seconds | None = None
    """Seconds; where the newest frame is older, a new one is made."""
    fresh: Annotated[bool, msgspec.Meta(description="true or false")] = False
    """Captured after the request arrived."""
    settle: Annotated[float | str, msgspec.Meta(description=SETTLE_ALLOWED)] = 0.0
    """Seconds, or frames ("10f"), to wait after an idle camera was woken, so that its exposure settles."""
    timeout: Annotated[float, msgspec.Meta(gt=0, le=60, description="seconds, more than 0 and at most 60")] = (
        DEFAULT_TIMEOUT_SECONDS
    )
    width: Pixels | None = None
    height: Pixels | None = None
    """The largest size; the aspect stays, and nothing is enlarged."""
    quality: Annotated[int, msgspec.Meta(ge=1, le=100, description="a whole number from 1 to 100")] | None = None
    orientation: Annotated[Literal["upright"], msgspec.Meta(description="upright")] | None = None
    """`upright`: the pixels are turned, in place of an EXIF tag."""
    at: (
        Annotated[float, msgspec.Meta(ge=0, le=MAX_UNIX_SECONDS, description="Unix seconds, up to the year 3000")]
        | None
    ) = None
    ago: Seconds | None = None
    """The frame of the history nearest to that moment."""
    full: Annotated[bool, msgspec.Meta(description="true or false")] = False
    """In still_size of the configuration, where the camera streams smaller."""

    @property
    def settle_frames(self) -> int:
        """Frames to wait for first; 0 where `settle` is in seconds."""
        return int(self.settle[:-1]) if isinstance(self.settle, str) else 0

    @property
    def settle_seconds(self) -> float:
        """Seconds to wait first; 0 where `settle` is in frames."""
        return 0.0 if isinstance(self.settle, str) else self.settle

    @property
    def converts(self) -> bool:
        """Whether the frame has to be converted."""
        return any(parameter is not None for parameter in (self.width, self.height, self.quality, self.orientation))


class ClipRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The last seconds of the history as a file, page by page: the first request names `clip`, the next ones `id`."""

    v: Annotated[Literal[1], msgspec.Meta(description="1")] = VERSION
    camera: str
    clip: Annotated[Literal["mjpg", "avi"], msgspec.Meta(description="mjpg or avi")]
    seconds: Annotated[float, msgspec.Meta(gt=0, le=3600, description="seconds, more than 0 and at most 3600")] = 10.0
    id: Annotated[str, msgspec.Meta(max_length=64, description="the id of a clip that was asked for")] = ""
    offset: Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT, description="bytes, a whole number from 0")] = 0
    end: Annotated[bool, msgspec.Meta(description="true or false")] = False
    """The clip is not wanted any more; without an id, only its header is wanted."""


class CancelRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Take back a request that waits: the one that came with the same parts before it. There is no reply."""

    v: Annotated[Literal[1], msgspec.Meta(description="1")] = VERSION
    camera: str
    cancel: Annotated[bool, msgspec.Meta(description="true")]
    """Always true; msgspec 0.19 knows no Literal[True]."""


class ClipHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The header of a `clip/` message, whose body is the file from `offset` on, as much of it as fits."""

    v: Literal[1]
    camera: CameraName
    id: Epoch
    size: Count
    """Of the complete file, in bytes."""
    offset: Count
    frames: Count
    seconds: wire.Seconds
    """From the first frame to the last."""


Request = SnapshotRequest | ClipRequest | CancelRequest
RequestT = TypeVar("RequestT", SnapshotRequest, ClipRequest, CancelRequest)


def parse_request(message: bytes) -> Request:
    """A request as JSON. Raises RequestError."""
    if len(message) > MAX_REQUEST_BYTES:
        raise RequestError(f"request of {len(message)} bytes, allowed: at most {MAX_REQUEST_BYTES}")
    try:
        values = msgspec.json.decode(message, type=dict[str, Any])
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError) as error:
        raise RequestError(f'request: {error}; allowed: {{"camera":"NAME"}}') from None
    if "camera" not in values:
        raise RequestError('camera: found nothing; allowed: {"camera":"NAME"}')
    kind: type[Request] = SnapshotRequest
    if "clip" in values:
        kind = ClipRequest
    elif "cancel" in values:
        kind = CancelRequest
    unknown = [key for key in values if key not in kind.__struct_fields__]
    if unknown:
        allowed = list(kind.__struct_fields__)
        hint = did_you_mean(unknown[0], allowed)
        raise RequestError(f"{shown(unknown[0], 40)}: no such parameter; allowed: {', '.join(allowed)}{hint}")
    if kind is ClipRequest:
        return _checked(_convert(ClipRequest, values, strict=True))
    if kind is CancelRequest:
        return _checked(_convert(CancelRequest, values, strict=True))
    return _checked(_convert(SnapshotRequest, values, strict=True))


def from_query(camera: str, query: dict[str, str]) -> SnapshotRequest:
    """A request from the query of a URL; unknown parameters are ignored. Raises RequestError."""
    return _checked(_convert(SnapshotRequest, {**_known(SnapshotRequest, query), "camera": camera}, strict=False))


def clip_from_query(camera: str, form: str, query: dict[str, str]) -> ClipRequest:
    """The same for a clip. Raises RequestError."""
    known = {"seconds": query["seconds"]} if "seconds" in query else {}
    return _checked(_convert(ClipRequest, {**known, "clip": form, "camera": camera}, strict=False))


def _known(kind: type[msgspec.Struct], query: dict[str, str]) -> dict[str, str]:
    switches = {"fresh", "full"}  # ?fresh says as much as ?fresh=1
    return {
        name: value if value or name not in switches else "1"
        for name, value in query.items()
        if name in kind.__struct_fields__ and name != "v"
    }


def _convert(kind: type[RequestT], found: dict[str, Any], *, strict: bool) -> RequestT:
    """Each parameter on its own, so that the one with the mistake can be named."""
    values = {}
    for name, (hint, default) in _parameters(kind).items():
        if name in found:
            try:
                value = msgspec.convert(found[name], hint, strict=strict)
            except (msgspec.ValidationError, ValueError, OverflowError):
                raise RequestError(f"{name}: found {shown(found[name], 40)}; allowed: {_allowed(hint)}") from None
            if value != default:  # a default is left out where the request is sent on
                values[name] = value
    return kind(**values)


@cache
def _parameters(kind: type[msgspec.Struct]) -> dict[str, tuple[Any, Any]]:
    """The type and the default of each; taking the annotations apart costs more than all the rest of a request."""
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: (hints[field.name], field.default) for field in msgspec.structs.fields(kind)}


def _allowed(hint: Any) -> str:
    """The description that stands in the annotation."""
    for part in (hint, *getattr(hint, "__args__", ())):
        for note in getattr(part, "__metadata__", ()):
            if isinstance(note, msgspec.Meta) and note.description:
                return note.description
    return "a string"


def _checked(request: RequestT) -> RequestT:
    """What no annotation can say."""
    if not is_camera_name(request.camera):
        raise RequestError(f"camera: found {shown(request.camera, 40)}; allowed: {CAMERA_ALLOWED}")
    if isinstance(request, CancelRequest) and not request.cancel:
        raise RequestError("cancel: found false; allowed: true")
    if not isinstance(request, SnapshotRequest):
        return request
    if request.at is not None and request.ago is not None:
        raise RequestError("at and ago: found both; allowed: one of them")
    made_now = request.fresh or request.full or request.max_age is not None
    if made_now and (request.at is not None or request.ago is not None):
        raise RequestError(
            "at and ago: found fresh, full or max_age beside them; allowed: a frame of the past as it is"
        )
    return msgspec.structs.replace(request, settle=_settle(request.settle)) if request.settle != 0 else request


def _settle(value: float | str) -> float | str:
    """Seconds as a number, frames as "10f"."""
    text = str(value).strip().lower()
    frames = re.fullmatch(r"([0-9]{1,3}) ?f(rames?)?", text)
    if frames and 1 <= int(frames[1]) <= MAX_SETTLE_FRAMES:
        return f"{int(frames[1])}f"
    try:
        seconds = float(text.removesuffix("s"))
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MAX_TIMEOUT_SECONDS:
        raise RequestError(f"settle: found {shown(value, 40)}; allowed: {SETTLE_ALLOWED}")
    return seconds
