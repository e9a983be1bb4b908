"""Ask the snapshot service for a still, from any program."""

import os
from typing import Any

import msgspec
import zmq

from framebus.config import load as configuration
from framebus.errors import FramebusError
from framebus.protocol.frame import Frame
from framebus.protocol.stills import DEFAULT_TIMEOUT_SECONDS
from framebus.protocol.wire import ErrorHeader, FrameHeader, WireError, parse, split
from framebus.transport import endpoints, sockets

ANSWER_SECONDS = 0.5
"""The service refuses at the deadline; so much later there is none."""


class SnapshotError(FramebusError):
    """The service has no still to give: `code` is for programs, the text for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def request_snapshot(
    camera: str,
    *,
    timeout: float = DEFAULT_TIMEOUT_SECONDS,
    endpoint: str | None = None,
    server_key: str | None = None,
    config: str | os.PathLike[str] | None = None,
    **wishes: Any,
) -> Frame:
    """Get one still of a camera, waiting at most `timeout` seconds.

    `wishes` are what framebus.protocol.stills.SnapshotRequest names: max_age, fresh, settle, width, height, quality,
    orientation, at, ago, full. `endpoint` is for the service of another machine, and `server_key` its public key.

    Raises SnapshotError with the service's reason (codes unknown-camera, no-frame, stale, offline, timeout, not-kept,
    busy, bad-request), TimeoutError when it does not answer, WireError when what answers is no snapshot service,
    ConfigError.
    """
    if endpoint is not None:
        where = endpoints.named(endpoint, server_key, config)
    else:
        where = endpoints.snapshot(configuration.load(config, keys=False))
    request = {"camera": camera, "timeout": timeout, **wishes}
    with zmq.Context() as context, sockets.make(context, zmq.DEALER) as socket:
        sockets.connect(socket, where)
        socket.send(msgspec.json.encode(request))
        if not socket.poll(int((timeout + ANSWER_SECONDS) * 1000)):
            raise TimeoutError(f"no answer from the snapshot service at {where.endpoint} within {timeout:g} s")
        reply = socket.recv_multipart()[-1]
    return parse_reply(reply, same_host=where.same_host)


def parse_reply(reply: bytes, *, same_host: bool = True) -> Frame:
    """Read what the service sent.

    Raises SnapshotError when it is an error/ message, WireError when it is neither that nor a still.
    """
    kind = split(reply).kind
    if kind == "error":
        _, error = parse(reply, ErrorHeader)
        raise SnapshotError(error.code, error.message)
    if kind != "snapshot":
        raise WireError(f"reply of kind {kind}, expected snapshot or error")
    message, header = parse(reply, FrameHeader)
    return Frame(header, message.body, same_host=same_host)
