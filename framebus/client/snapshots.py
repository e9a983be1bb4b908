"""Ask the snapshot service for a still, from any program."""

import math
import os
from typing import Literal, NamedTuple, TypedDict, Unpack

import msgspec

from framebus.client.options import check_camera, check_seconds, load
from framebus.client.request import ask
from framebus.errors import ArgumentError, FramebusError
from framebus.protocol.frame import Frame
from framebus.protocol.stills import DEFAULT_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS, CancelRequest
from framebus.protocol.wire import ErrorHeader, FrameHeader, WireError, parse, split
from framebus.transport import endpoints
from framebus.transport.endpoints import Endpoint

ANSWER_SECONDS = 0.5
"""The service refuses at the deadline; a reply that is not there so much later will not come."""


class SnapshotError(FramebusError):
    """The snapshot service refused a still.

    Attributes:
        code: The reason, for programs; docs/wire-format.md lists them. The text of the exception is for people.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[type["SnapshotError"], tuple[str, str]]:
        return type(self), (self.code, str(self))


def request_snapshot(
    camera: str,
    *,
    timeout: float = DEFAULT_TIMEOUT_SECONDS,
    max_age: float | None = None,
    fresh: bool = False,
    settle: float | str = 0.0,
    width: int | None = None,
    height: int | None = None,
    quality: int | None = None,
    orientation: Literal["upright"] | None = None,
    at: float | None = None,
    ago: float | None = None,
    full: bool = False,
    endpoint: str | None = None,
    server_key: str | None = None,
    config: str | os.PathLike[str] | None = None,
) -> Frame:
    """Get one still of a camera from the snapshot service. Any thread and process may call this.

    ::

        from framebus import request_snapshot

        frame = request_snapshot("front", fresh=True, width=640)
        with open("front.jpg", "wb") as file:
            file.write(frame.jpeg)

    Args:
        camera: The camera's name in the configuration.
        timeout: Seconds to wait, more than 0 and at most 60.
        max_age: Seconds; where the newest frame is older, a new one is made.
        fresh: The frame is captured after the request arrived.
        settle: Seconds, or frames as in "10f", that pass first where the camera was idle.
        width: Pixels at most; the aspect stays, and nothing is enlarged.
        height: Pixels at most.
        quality: 1 to 100; the JPEG is encoded again with this quality.
        orientation: "upright" turns the pixels.
        at: Unix seconds; the nearest frame of the history.
        ago: Seconds; the frame of the history nearest to that moment.
        full: In `still_size` of the configuration.
        endpoint: A snapshot service outside the configuration, such as "tcp://10.0.0.7:5556".
        server_key: The public key of that machine, where it has one.
        config: The path of framebus.toml; None searches for it as the commands do.

    Returns:
        The still. Its header is that of the captured frame, with the size and orientation of the still.

    Raises:
        SnapshotError: The service refused. Its `code` is unknown-camera, no-frame, stale, offline, timeout, not-kept,
            damaged, too-large, busy, bad-request or internal.
        TimeoutError: The service did not answer; the text says why, where that is known. It is a ReplyTimeoutError.
        WireError: The reply is not one of a snapshot service.
        ArgumentError: A name, time or key is invalid. It is a ValueError, too.
        ConfigError: The configuration has mistakes, or there is no key of this machine.
        EndpointError: The endpoint is invalid. It is a zmq.ZMQError, too.
        ResourceError: The process has too few file descriptors left.
    """
    asked = prepare(
        camera,
        timeout=timeout,
        max_age=max_age,
        fresh=fresh,
        settle=settle,
        width=width,
        height=height,
        quality=quality,
        orientation=orientation,
        at=at,
        ago=ago,
        full=full,
        endpoint=endpoint,
        server_key=server_key,
        config=config,
    )
    reply = ask(asked.service, asked.request, asked.seconds, asked.timeout_text, asked.cancel)
    return parse_reply(reply, same_host=asked.service.same_host)


class SnapshotOptions(TypedDict, total=False):
    """The arguments of request_snapshot, for functions that pass them on."""

    timeout: float
    max_age: float | None
    fresh: bool
    settle: float | str
    width: int | None
    height: int | None
    quality: int | None
    orientation: Literal["upright"] | None
    at: float | None
    ago: float | None
    full: bool
    endpoint: str | None
    server_key: str | None
    config: str | os.PathLike[str] | None


class Asked(NamedTuple):
    """A request for a still, ready to be sent."""

    service: Endpoint
    request: bytes
    seconds: float
    """How long to wait for the reply."""
    timeout_text: str
    """The error where none comes."""
    cancel: bytes
    """What takes the request back."""


def prepare(camera: str, **options: Unpack[SnapshotOptions]) -> Asked:
    """Check the arguments of request_snapshot. Raises ArgumentError and ConfigError."""
    timeout = options.get("timeout", DEFAULT_TIMEOUT_SECONDS)
    endpoint, config = options.get("endpoint"), options.get("config")
    check_camera(camera)
    _check_timeout(timeout)
    if endpoint is not None:
        service = endpoints.from_arguments(endpoint, options.get("server_key"), config)
    else:
        service = endpoints.snapshot(load(config, camera))
    # What is false or 0 is what the service takes for granted.
    asked = {key: options.get(key) or None for key in ("fresh", "settle", "full")}
    asked |= {key: options.get(key) for key in ("max_age", "width", "height", "quality", "orientation", "at", "ago")}
    request = {
        "camera": camera,
        "timeout": timeout,
        **{key: value for key, value in asked.items() if value is not None},
    }
    text = f"no answer from the snapshot service at {service.endpoint} within {timeout:g} s"
    cancel = msgspec.json.encode(CancelRequest(camera=camera, cancel=True))
    return Asked(service, msgspec.json.encode(request), timeout + ANSWER_SECONDS, text, cancel)


def parse_reply(reply: bytes, *, same_host: bool = True) -> Frame:
    """Read what the service sent.

    Raises SnapshotError when it is an error/ message, and WireError when it is neither that nor a still.
    """
    kind = split(reply).kind
    if kind == "error":
        _, error = parse(reply, ErrorHeader)
        raise SnapshotError(error.code, error.message)
    if kind != "snapshot":
        raise WireError(f"reply of kind {kind}, expected snapshot or error")
    message, header = parse(reply, FrameHeader)
    return Frame(header, message.body, same_host=same_host, header_json=message.header)


def _check_timeout(timeout: float) -> None:
    check_seconds("timeout", timeout, optional=False)
    if not math.isfinite(timeout) or not 0 < timeout <= MAX_TIMEOUT_SECONDS:
        raise ArgumentError(
            f"timeout {timeout!r}: allowed are seconds, more than 0 and at most {MAX_TIMEOUT_SECONDS:g}"
        )
