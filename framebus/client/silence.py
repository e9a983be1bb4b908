"""Why nothing arrives from an endpoint of this machine, as far as that can be found out: for the text of a timeout."""

import contextlib
import os
import pwd
import socket
from pathlib import Path

import zmq

from framebus.errors import FramebusError
from framebus.protocol.wire import StatusHeader, WireError, parse, topic
from framebus.transport import sockets
from framebus.transport.endpoints import Endpoint
from framebus.transport.process_context import exhaustion, process_context

PROBE_SECONDS = 0.2
"""A camera sends its status to a new subscriber within milliseconds."""


def reason(endpoint: Endpoint) -> str:
    """The reason with a colon before it, to be added to a sentence; empty where none is known."""
    if not endpoint.same_host:
        return ""
    found = _reason(Path(endpoint.endpoint.removeprefix("ipc://")))
    return f": {found}" if found else ""


def camera_reason(camera: str, endpoint: Endpoint) -> str:
    """As `reason`, by the status of a camera that runs; takes up to PROBE_SECONDS."""
    if not endpoint.same_host:
        return ""
    status = None
    with contextlib.suppress(FramebusError, zmq.ZMQError, WireError):
        with exhaustion():
            subscriber = sockets.subscriber(process_context(), endpoint, topic("status", camera))
        try:
            if subscriber.poll(round(PROBE_SECONDS * 1000)):
                _, status = parse(subscriber.recv(), StatusHeader)
        finally:
            subscriber.close()
    if status is None or status.state not in ("starting", "offline"):
        return ""
    return f": it is {status.state}" + (f": {status.reason}" if status.reason else "")


def _reason(path: Path) -> str:
    folder = path.parent
    try:
        owner = folder.stat().st_uid
    except FileNotFoundError:
        return f"run_dir {folder} does not exist; framebus is not running, or with another run_dir"
    except OSError as error:
        return f"{folder}: {error.strerror}"
    whose = "" if owner == os.geteuid() else f"; run_dir {folder} belongs to user {user_name(owner)}"
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(PROBE_SECONDS)
            probe.connect(str(path))
    except FileNotFoundError:
        return f"{path} does not exist; its process is not running{whose}"
    except ConnectionRefusedError:
        return f"{path} is left from a process that has ended{whose}"
    except TimeoutError:
        return ""
    except OSError as error:
        return f"{path}: {error.strerror}{whose}"
    return ""


def user_name(uid: int) -> str:
    """The name of a user, else the number."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
