"""Ask the recorder what it does for a camera, and to start, stop and keep recordings, from any program."""

import os

import msgspec

from framebus.client.options import check_camera, check_configured, check_seconds, load
from framebus.client.request import ask
from framebus.errors import ArgumentError
from framebus.protocol.recorder import Action, RecorderError, RecorderHeader, RecorderRequest, checked, encode
from framebus.protocol.wire import ErrorHeader, WireError, parse, split
from framebus.runtime.run_dir import socket_path
from framebus.runtime.socket_probe import is_served
from framebus.transport import endpoints

DEFAULT_TIMEOUT_SECONDS = 5.0


def request_recorder(
    camera: str,
    action: Action = "status",
    *,
    seconds: float | None = None,
    begin: float | None = None,
    end: float | None = None,
    timeout: float = DEFAULT_TIMEOUT_SECONDS,
    config: str | os.PathLike[str] | None = None,
) -> RecorderHeader:
    """Ask the recorder about a camera, or to record it. Any thread and process may call this.

    ::

        from framebus import request_recorder

        state = request_recorder("front", "start", seconds=60)
        print(state.state, state.reason)

    Args:
        camera: The camera's name in the configuration.
        action: "status"; "start" to record every frame, and "stop" to end that; "keep" to mark a time so that its
            recordings are never deleted to make room, and "release" to take that mark away.
        seconds: With "start", how long; None for until "stop".
        begin: With "keep" and "release", Unix seconds.
        end: With "keep" and "release", Unix seconds.
        timeout: Seconds to wait for the recorder.
        config: The path of framebus.toml; None searches for it as the commands do.

    Returns:
        The state of the camera's recording afterwards.

    Raises:
        RecorderError: The recorder refused, or no camera is recorded. Its `code` is unknown-camera, off or bad-request.
        TimeoutError: The recorder did not answer; the text says why, where that is known. It is a ReplyTimeoutError.
        WireError: The reply is not one of a recorder.
        ArgumentError: A name, time or action is invalid. It is a ValueError, too.
        ConfigError: The configuration has mistakes, or no such camera.
        ResourceError: The process has too few file descriptors left.
    """
    check_camera(camera)
    check_seconds("timeout", timeout, optional=False)
    try:
        fields = {"camera": camera, "action": action, "seconds": seconds, "begin": begin, "end": end}
        request = checked(msgspec.convert(fields, RecorderRequest))
    except (RecorderError, msgspec.ValidationError) as error:
        raise ArgumentError(str(error)) from None
    loaded = load(config, camera)
    check_configured(camera, loaded)
    service = endpoints.recorder(loaded)
    path = socket_path(service.endpoint)
    if not loaded.records and path is not None and not is_served(path):  # no recorder runs, so nobody else says it
        raise RecorderError("off", f"camera {camera} is not recorded; set record in [camera.{camera}]")
    text = f"no answer from the recorder at {service.endpoint} within {timeout:g} s"
    return parse_reply(ask(service, encode(request), timeout, text))


def parse_reply(reply: bytes) -> RecorderHeader:
    """Read what the recorder sent.

    Raises RecorderError when it is an error/ message, and WireError when it is neither that nor a state.
    """
    kind = split(reply).kind
    if kind == "error":
        _, error = parse(reply, ErrorHeader)
        raise RecorderError(error.code, error.message)
    if kind != "recorder":
        raise WireError(f"reply of kind {kind}, expected recorder or error")
    _, header = parse(reply, RecorderHeader)
    return header
