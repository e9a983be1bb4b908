"""Why nothing arrives from an endpoint of this machine, as far as that can be found out: for the text of a timeout."""

import os
import pwd
import socket
from pathlib import Path

from framebus.transport.endpoints import Endpoint

PROBE_SECONDS = 0.2


def reason(endpoint: Endpoint) -> str:
    """The reason with a colon before it, to be added to a sentence; empty where none is known."""
    if not endpoint.same_host:
        return ""
    found = _reason(Path(endpoint.endpoint.removeprefix("ipc://")))
    return f": {found}" if found else ""


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
