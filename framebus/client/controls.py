"""Ask the capture of a camera for its controls, from any program."""

import os
from typing import Any

import msgspec
import zmq

from framebus.config import load as configuration
from framebus.protocol.controls import Control, ControlError, ControlsHeader, ControlsRequest
from framebus.protocol.wire import ErrorHeader, WireError, parse, split
from framebus.transport import endpoints, sockets

DEFAULT_TIMEOUT_SECONDS = 5.0


def request_controls(
    camera: str,
    request: ControlsRequest | None = None,
    *,
    timeout: float = DEFAULT_TIMEOUT_SECONDS,
    endpoint: str | None = None,
    server_key: str | None = None,
    config: str | os.PathLike[str] | None = None,
) -> list[Control]:
    """The controls of a camera, after what `request` resets and sets; waits at most `timeout` seconds.

    `endpoint` is for a camera of another machine, and `server_key` that machine's public key; as with Subscriber.
    Raises ControlError with the camera's reason (codes unknown-control, wrong-type, out-of-range, read-only, inactive,
    offline, busy, not-connected, bad-request), TimeoutError when nobody answers, WireError when what answers is no
    capture, and ConfigError.
    """
    if endpoint is not None:
        where: endpoints.Endpoint | None = endpoints.named(endpoint, server_key, config)
    else:
        where = endpoints.controls(configuration.load(config, keys=False), camera)
    if where is None:
        raise ControlError("not-connected", endpoints.no_controls(camera))
    with zmq.Context() as context, sockets.make(context, zmq.DEALER) as socket:
        sockets.connect(socket, where)
        socket.send(encode(request or ControlsRequest()))
        if not socket.poll(int(timeout * 1000)):
            raise TimeoutError(f"no answer from camera {camera} at {where.endpoint} within {timeout:g} s")
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
