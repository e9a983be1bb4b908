"""Ask the capture of a camera for its controls, from any program."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from framebus.client.options import check_camera, check_configured, check_seconds, load
from framebus.client.request import ask
from framebus.errors import ArgumentError
from framebus.protocol.controls import Control, ControlError, ControlsHeader, ControlsRequest, Value
from framebus.protocol.wire import ErrorHeader, WireError, parse, split
from framebus.transport import endpoints
from framebus.transport.endpoints import Endpoint

DEFAULT_TIMEOUT_SECONDS = 5.0


def request_controls(
    camera: str,
    request: ControlsRequest | None = None,
    *,
    set: Mapping[str, Value] | None = None,
    reset: Sequence[str] | Literal["all"] | None = None,
    timeout: float = DEFAULT_TIMEOUT_SECONDS,
    endpoint: str | None = None,
    server_key: str | None = None,
    config: str | os.PathLike[str] | None = None,
) -> list[Control]:
    """List the controls of a camera, and reset and set some first. Any thread and process may call this.

    ::

        from framebus import request_controls

        for control in request_controls("front", set={"brightness": 0.1}):
            print(control.name, control.value, control.allowed)

    Args:
        camera: The camera's name in the configuration.
        request: `set` and `reset` in one object, in place of the two arguments.
        set: Values by the names of controls. When one is refused, none is set.
        reset: The names of controls to set back first, or "all".
        timeout: Seconds to wait.
        endpoint: A control socket outside the configuration, such as "tcp://10.0.0.7:5557".
        server_key: The public key of that machine, where it has one.
        config: The path of framebus.toml; None searches for it as the commands do.

    Returns:
        Every control of the camera as it is afterwards, in the camera's order.

    Raises:
        ControlError: The request was refused. Its `code` is unknown-control, wrong-type, out-of-range, read-only,
            inactive, refused, offline, busy, bad-request, or not-connected for a camera of another machine without
            `connect_control`.
        TimeoutError: The capture process did not answer; the text says why, where that is known. It is a
            ReplyTimeoutError.
        WireError: The reply is not one of a capture process.
        ArgumentError: A name, time or key is invalid, or `request` was given beside `set` or `reset`. It is a
            ValueError, too.
        ConfigError: The configuration has mistakes, or no such camera, or there is no key of this machine.
        EndpointError: The endpoint is invalid. It is a zmq.ZMQError, too.
        ResourceError: The process has too few file descriptors left.
    """
    check_camera(camera)
    check_seconds("timeout", timeout, optional=False)
    if request is not None and (set is not None or reset is not None):
        raise ArgumentError("request: allowed without set and reset")
    if isinstance(reset, str) and reset != "all":  # a str is a sequence of letters, too
        raise ArgumentError(f"reset {reset!r}: allowed are a list of names, or 'all'")
    if request is None:
        request = ControlsRequest(set=dict(set or {}), reset="all" if reset == "all" else list(reset or []))
    service = _find(camera, endpoint, server_key, config)
    text = f"no answer from camera {camera} at {service.endpoint} within {timeout:g} s"
    return parse_reply(ask(service, encode(request), timeout, text))


def set_controls(
    camera: str,
    /,
    *,
    timeout: float = DEFAULT_TIMEOUT_SECONDS,
    endpoint: str | None = None,
    server_key: str | None = None,
    config: str | os.PathLike[str] | None = None,
    **values: Value,
) -> list[Control]:
    """Set controls of a camera by their names: request_controls in short.

    ::

        from framebus import set_controls

        set_controls("front", brightness=0.1)

    Args:
        camera: The camera's name in the configuration.
        timeout: Seconds to wait.
        endpoint: A control socket outside the configuration, such as "tcp://10.0.0.7:5557".
        server_key: The public key of that machine, where it has one.
        config: The path of framebus.toml; None searches for it as the commands do.
        values: Values by the names of controls. When one is refused, none is set. A control with the name of another
            argument, or with a name that is no word of Python, is set with request_controls.

    Returns:
        Every control of the camera as it is afterwards, in the camera's order.

    Raises:
        ControlError: The request was refused; see request_controls.
        TimeoutError: The capture process did not answer; the text says why, where that is known. It is a
            ReplyTimeoutError.
        WireError: The reply is not one of a capture process.
        ArgumentError: A name, time or key is invalid. It is a ValueError, too.
        ConfigError: The configuration has mistakes, or no such camera, or there is no key of this machine.
        EndpointError: The endpoint is invalid. It is a zmq.ZMQError, too.
        ResourceError: The process has too few file descriptors left.
    """
    return request_controls(
        camera, set=values, timeout=timeout, endpoint=endpoint, server_key=server_key, config=config
    )


def encode(request: ControlsRequest) -> bytes:
    """The request as it is sent."""
    return msgspec.json.encode(request)


def parse_reply(reply: bytes) -> list[Control]:
    """Read what capture sent.

    Raises ControlError when it is an error/ message, and WireError when it is neither that nor a list of controls.
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


def _find(camera: str, endpoint: str | None, server_key: str | None, path: str | os.PathLike[str] | None) -> Endpoint:
    if endpoint is not None:
        return endpoints.from_arguments(endpoint, server_key, path)
    config = load(path, camera)
    check_configured(camera, config)
    service = endpoints.controls(config, camera)
    if service is None:
        raise ControlError("not-connected", endpoints.controls_not_connected(config, camera))
    return service
