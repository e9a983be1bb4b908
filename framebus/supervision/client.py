"""Asks a running supervisord of framebus, through its socket in run_dir."""

import errno
import http.client
import json
import socket
import xmlrpc.client
from pathlib import Path
from typing import Any

from framebus.errors import FramebusError

SOCKET = "supervisor.sock"
"""In run_dir."""
USER = PASSWORD = "framebus"
"""As in supervisord.conf; the mode of run_dir is what protects the socket."""
TIMEOUT_SECONDS = 120.0
"""A reload ends before that: framebus.supervision.checking has a deadline, and supervisord kills what does not stop."""


class SupervisionError(FramebusError):
    """The running framebus cannot be asked; the text says why and what to do."""


class NotRunningError(SupervisionError):
    """There is no framebus with this run_dir."""


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        try:
            self.sock.settimeout(TIMEOUT_SECONDS)
            self.sock.connect(self._path)
        except OSError:
            self.sock.close()
            raise


class _Transport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = str(path)

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        self._extra_headers = self.get_host_info(host)[1]
        connection = _Connection(self._path)
        self._connection = host, connection  # for `close`
        return connection


def ask(run_dir: Path, method: str) -> Any:
    """Call a method of framebus.supervision.rpc and return its answer.

    Raises:
        NotRunningError: No framebus runs with this run_dir.
        SupervisionError: It cannot be asked.
    """
    path = run_dir / SOCKET
    try:
        with xmlrpc.client.ServerProxy(
            f"http://{USER}:{PASSWORD}@localhost/RPC2", transport=_Transport(path)
        ) as server:
            return json.loads(str(getattr(server.framebus, method)()))
    except PermissionError:
        raise SupervisionError(f"{path} belongs to another user; run this command with sudo") from None
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ECONNREFUSED):
            raise NotRunningError(f"no framebus runs with run_dir {run_dir}") from None
        raise SupervisionError(f"{path} cannot be asked: {error.strerror or error}") from None
    except (xmlrpc.client.Error, http.client.HTTPException, ValueError) as error:
        raise SupervisionError(
            f"the framebus with run_dir {run_dir} gave no answer ({type(error).__name__}); "
            "if it is of an earlier version, restart it"
        ) from None
