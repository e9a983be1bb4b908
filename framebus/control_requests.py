"""Ask the capture of a camera for its controls, from any program."""

import os
from typing import Any

import msgspec
import zmq

from framebus import config as configuration
from framebus import sockets
from framebus.controls import Control, ControlError, ControlsHeader, ControlsRequest
from framebus.run_dir import control_endpoint
from framebus.wire import ErrorHeader, WireError, parse, split

DEFAULT_TIMEOUT_SECONDS = 5.0


def request_controls(
    camera: str,
    request: ControlsRequest | None = None,
    *,
    timeout: float = DEFAULT_TIMEOUT_SECONDS,
    endpoint: str | None = None,
    config: str | os.PathLike[str] | None = None,
) -> list[Control]:
    """The controls of a camera, after what `request` resets and sets; waits at most `timeout` seconds.

    Raises ControlError with the camera's reason (codes unknown-control, wrong-type, out-of-range, read-only, inactive,
    offline, busy, bad-request), TimeoutError when nobody answers, WireError when what answers is no capture, and
    ConfigError.
    """
    where = endpoint or control_endpoint(configuration.load(config), camera)
    with zmq.Context() as context, sockets.make(context, zmq.DEALER) as socket:
        socket.connect(where)
        socket.send(encode(request or ControlsRequest()))
        if not socket.poll(int(timeout * 1000)):
            raise TimeoutError(f"no answer from camera {camera} at {where} within {timeout:g} s")
        return parse_reply(socket.recv_multipart()[-1])


def encode(request: ControlsRequest) -> bytes:
    """The request as it is sent."""
    return msgspec.json.encode(request)


def parse_reply(reply: bytes) -> list[Control]:
    """Read what capture sent.

    Raises ControlError when it is an error/ message, WireError when it is neither that nor a list of controls.
    """
    kind = split(reply).kind
    if kind == "error":
        _, error = parse(reply, ErrorHeader)
        raise ControlError(error.code, error.message)
    if kind != "controls":
        raise WireError(f"reply of kind {kind}, expected controls or error")
    _, header = parse(reply, ControlsHeader)
    return header.controls


def request_of(values: dict[str, Any], reset: list[str] | None) -> ControlsRequest:
    """A request that sets these values; an empty list resets all, None nothing."""
    return ControlsRequest(set=values, reset="all" if reset == [] else reset or [])
