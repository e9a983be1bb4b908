"""The messages of the recorder: requests to start, stop and keep, and its state. No sockets."""

from typing import Annotated, Any, Literal

import msgspec

from framebus.config.strict_toml import did_you_mean
from framebus.errors import FramebusError
from framebus.protocol.controls import shown
from framebus.protocol.wire import (
    CAMERA_ALLOWED,
    MAX_REQUEST_BYTES,
    MAX_UNIX_SECONDS,
    VERSION,
    CameraName,
    Count,
    Seconds,
    Text,
    UnixSeconds,
    is_camera_name,
)

MAX_START_SECONDS = 86400

Action = Literal["status", "start", "stop", "keep", "release"]
RecorderState = Literal["off", "waiting", "recording", "failed"]
RecordMode = Literal["motion", "always", "on-demand"]
UnixRequest = Annotated[float, msgspec.Meta(ge=0, le=MAX_UNIX_SECONDS, description="Unix seconds, up to the year 3000")]


class RecorderError(FramebusError, ValueError):
    """The recorder refused a request.

    Attributes:
        code: The reason, for programs; docs/wire-format.md lists them. The text of the exception is for people.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[type["RecorderError"], tuple[str, str]]:
        return type(self), (self.code, str(self))


class RecorderRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the recorder is asked for. The reply is the state of the camera afterwards."""

    v: Annotated[Literal[1], msgspec.Meta(description="1")] = VERSION
    camera: str
    action: Annotated[Action, msgspec.Meta(description="status, start, stop, keep or release")] = "status"
    seconds: (
        Annotated[float, msgspec.Meta(gt=0, le=MAX_START_SECONDS, description="seconds, more than 0 and at most 86400")]
        | None
    ) = None
    """With `start`: for how long; None for until it is stopped."""
    begin: UnixRequest | None = None
    end: UnixRequest | None = None
    """With `keep` and `release`: the time whose segments are marked."""


class RecorderHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The header of a `recorder`: what the recorder does for a camera, and what it holds. Times are Unix seconds."""

    v: Literal[1]
    camera: CameraName
    state: RecorderState
    reason: Text
    """Why it does not record, a sentence for people; empty where all is well."""
    modes: Annotated[list[RecordMode], msgspec.Meta(max_length=3)]
    demanded: bool
    """Whether a requested recording is in progress."""
    seconds_left: Seconds | None
    """How long that recording still takes; null for until it is stopped."""
    frames: Count
    """Written since the recorder started."""
    bytes: Count
    missed: Count
    """Frames that the camera published and the recorder did not get."""
    dropped: Count
    """Frames that could not be written."""
    held_bytes: Count
    """What the folder holds, of all cameras, and below what of it is marked to be kept."""
    kept_bytes: Count
    segments: Count
    oldest: UnixSeconds | None
    """Of the oldest segment of all cameras; null where there is none."""
    free_bytes: Count | None
    """Of the disk; null where that is not known."""
    deleted: Count
    """Segments that were deleted to make room, since the recorder started."""


def encode(request: RecorderRequest) -> bytes:
    """The request as it is sent."""
    return msgspec.json.encode(request)


def parse_request(message: bytes) -> RecorderRequest:
    """A request as JSON. Raises RecorderError with code bad-request."""
    if len(message) > MAX_REQUEST_BYTES:
        raise _bad(f"request of {len(message)} bytes, allowed: at most {MAX_REQUEST_BYTES}")
    try:
        values = msgspec.json.decode(message, type=dict[str, Any])
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError) as error:
        raise _bad(f'request: {error}; allowed: {{"camera":"NAME","action":"status"}}') from None
    for key in values:
        if key not in RecorderRequest.__struct_fields__:
            allowed = list(RecorderRequest.__struct_fields__)
            hint = did_you_mean(key, allowed)
            raise _bad(f"{shown(key, 40)}: no such parameter; allowed: {', '.join(allowed)}{hint}")
    try:
        request = msgspec.convert(values, RecorderRequest)
    except (msgspec.ValidationError, OverflowError) as error:
        raise _bad(f"request: {error}") from None
    return checked(request)


def checked(request: RecorderRequest) -> RecorderRequest:
    """What no annotation can say. Raises RecorderError with code bad-request."""
    if not is_camera_name(request.camera):
        raise _bad(f"camera: found {shown(request.camera, 40)}; allowed: {CAMERA_ALLOWED}")
    if request.seconds is not None and request.action != "start":
        raise _bad(f"seconds: found beside {request.action}; allowed: beside start")
    marks = request.action in ("keep", "release")
    if (request.begin is not None or request.end is not None) and not marks:
        raise _bad(f"begin and end: found beside {request.action}; allowed: beside keep and release")
    if marks and (request.begin is None or request.end is None or request.begin > request.end):
        raise _bad(f"{request.action}: allowed with begin and end in Unix seconds, begin not after end")
    return request


def _bad(text: str) -> RecorderError:
    return RecorderError("bad-request", text)
