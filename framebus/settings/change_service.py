"""The settings service, started by its socket as root: writes framebus.toml for the gateway, which may not.

Commands of root trust that file, and the gateway talks to the network. So this process takes changes of a closed list
only (framebus.settings.change), from the user of framebus only, one at a time, and finds out itself whether the file
allows it. It reads nothing else of that user's, and starts nothing. It ends when there is nothing to do. Where the
gateway was opened to the network, avahi announces the page, as after `framebus open`.
"""

import argparse
import os
import pwd
import signal
import socket
import stat
import struct
import sys
import time
import tomllib
from pathlib import Path

import msgspec

from framebus.config import load as configuration
from framebus.config.load import SYSTEM_FILE, ConfigError
from framebus.installation import avahi
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE
from framebus.settings.change import SetNetwork, described, edit_of
from framebus.settings.change_messages import REFUSED, UNDO, Answer, LineConnection, Request
from framebus.settings.config_file import ConfigFile
from framebus.settings.settings_error import SettingsError

FIRST_DESCRIPTOR = 3
"""Of the sockets that systemd passes (sd_listen_fds(3))."""
MAX_FILE_BYTES = 256 << 10
"""The sample configuration with all its comments has a tenth."""
REQUEST_SECONDS = 5.0
UNDO_SECONDS = 130.0
"""A reload has 120 (framebus.supervision.client)."""
IDLE_SECONDS = 10.0
PAUSE_SECONDS = 0.5
"""After each request, so that a flood of them costs little: each change is synced to the disk."""
INFO, WARNING = "<6>", "<4>"
"""Of lines for the journal (sd-daemon(3))."""


class ChangeService:
    """The service for one file."""

    def __init__(
        self,
        path: Path,
        uids: frozenset[int],
        *,
        pause_seconds: float = PAUSE_SECONDS,
        announcements: Path = avahi.SERVICES,
    ) -> None:
        """Open nothing yet.

        Args:
            path: framebus.toml.
            uids: The users whose requests are carried out.
            pause_seconds: What passes between two requests.
            announcements: The folder of avahi.
        """
        self._path = path
        self._uids = uids
        self._pause_seconds = pause_seconds
        self._announcements = announcements

    def serve(self, listener: socket.socket, idle_seconds: float = IDLE_SECONDS) -> None:
        """Answer one connection after the other, until none comes for so many seconds. Raises OSError."""
        while True:
            listener.settimeout(idle_seconds)
            try:
                connection, _ = listener.accept()
            except (TimeoutError, BlockingIOError):
                return
            except ConnectionAbortedError:
                log(WARNING, "a client has left")
            else:
                with connection:
                    self._answer(connection)
            time.sleep(self._pause_seconds)

    def _answer(self, connection: socket.socket) -> None:
        lines = LineConnection(connection)
        try:
            uid = peer(connection)
            if uid not in self._uids:
                raise SettingsError("not-allowed", "only the user of framebus may send changes")
            request = decoded(lines.receive(REQUEST_SECONDS))
            before, after = self._carry_out(request)
        except (SettingsError, ConfigError) as error:
            code = error.code if isinstance(error, SettingsError) else REFUSED
            log(WARNING, f"a change was refused: {code}")
            reply(lines, Answer(code, str(error)))
        except (OSError, EOFError):
            log(WARNING, "a client has left, or was too slow")
        except Exception as error:  # a defect: the next change is to be made all the same
            log(WARNING, f"a change has failed: {type(error).__name__}")
            reply(lines, Answer("failed", f"framebus-settings.service has a defect: {type(error).__name__}"))
        else:
            log(INFO, f"{described(request.change)}, for user {uid}")
            is_answered = reply(lines, Answer())
            if after != before and is_answered:
                self._wait_for_undo(lines, before, after)
                if isinstance(request.change, SetNetwork):
                    self._announce()
            elif after != before:  # the client gave up, and has reported a failure: nobody would apply the change
                self._take_back(lines, before, after)

    def _carry_out(self, request: Request) -> tuple[str, str]:
        """Returns the old text and the new one."""
        check_private(self._path)
        file = ConfigFile(self._path, self._path.parent)
        before = file.read()
        if not configuration.parse(tomllib.loads(before), self._path, keys=False).gateway.settings:
            raise SettingsError("off", f"{self._path} forbids it: settings = false in [gateway]")
        edit = edit_of(request.change)

        def limited(text: str) -> str:
            changed = edit(text)
            if len(changed.encode()) > MAX_FILE_BYTES:
                raise SettingsError("not-allowed", f"{self._path} would have more than {MAX_FILE_BYTES} bytes")
            return changed

        return file.write(limited, version=request.version, keys=False)

    def _wait_for_undo(self, lines: LineConnection, before: str, after: str) -> None:
        """Take the change back if the framebus that runs refuses it, and nobody has changed the file since."""
        try:
            wanted = lines.receive(UNDO_SECONDS)
        except (EOFError, OSError):
            return
        if wanted == UNDO:
            self._take_back(lines, before, after)

    def _take_back(self, lines: LineConnection, before: str, after: str) -> None:
        try:
            ConfigFile(self._path, self._path.parent).take_back(before, after)
        except (OSError, ValueError):
            return
        except (SettingsError, ConfigError) as error:
            log(WARNING, f"the change could not be taken back: {error}")
            reply(lines, Answer("failed", str(error)))
        else:
            log(INFO, "the change was taken back")
            reply(lines, Answer())

    def _announce(self) -> None:
        """Announce the page if the file opens it now, else no more: a person may have closed it since the change."""
        try:
            gateway = configuration.load(self._path, keys=False).gateway
        except ConfigError:
            return
        if gateway.listen.is_loopback:
            avahi.silence(self._announcements)
        elif avahi.announce(gateway.listen.port, encrypted=gateway.tls_cert is not None, services=self._announcements):
            log(INFO, "avahi announces the page in the local network")


def decoded(line: bytes) -> Request:
    """The request. Raises SettingsError, whose text does not quote it."""
    try:
        return msgspec.json.decode(line, type=Request)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise SettingsError("not-allowed", "found no request; allowed: a change, as a line of JSON") from None


def check_private(path: Path) -> None:
    """Check that only this user can replace or change the file. Raises SettingsError."""
    for place, is_kind in ((path.parent, stat.S_ISDIR), (path, stat.S_ISREG)):
        try:
            status = place.lstat()
        except OSError as error:
            raise SettingsError("read-only", f"{place} cannot be looked at: {error.strerror}") from None
        if not is_kind(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
            raise SettingsError("read-only", f"{place} is a link, or others than its owner root may change it")
    if status.st_size > MAX_FILE_BYTES:
        raise SettingsError("read-only", f"{path} has more than {MAX_FILE_BYTES} bytes")


def peer(connection: socket.socket) -> int:
    """The user who has connected: what the kernel says (SO_PEERCRED in unix(7)). Raises OSError."""
    size = struct.calcsize("3i")
    _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return int(uid)


def reply(lines: LineConnection, answer: Answer) -> bool:
    """Whether the answer could be sent."""
    try:
        lines.send(msgspec.json.encode(answer), REQUEST_SECONDS)
    except OSError:
        return False
    return True


def log(level: str, line: str) -> None:
    """A line for the journal."""
    print(f"{level}{line}", file=sys.stderr, flush=True)


def main() -> int:
    """Serve the socket that systemd has passed; returns the exit status."""
    parser = argparse.ArgumentParser(prog="framebus-settings", description=__doc__.partition("\n")[0])
    parser.add_argument("--config", metavar="FILE", type=Path, default=SYSTEM_FILE, help="the file to change")
    parser.add_argument("--user", metavar="NAME", required=True, help="who may send changes")
    options = parser.parse_args()
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
        log(WARNING, "this is started by framebus-settings.socket, which passes one socket")
        return EXIT_USAGE
    try:
        uids = frozenset({os.geteuid(), pwd.getpwnam(options.user).pw_uid})
    except KeyError:
        log(WARNING, f"user {options.user[:40]!r} does not exist")
        return EXIT_FAILED
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(EXIT_OK))  # so that no temporary file is left
    with socket.socket(fileno=FIRST_DESCRIPTOR) as listener:
        try:
            ChangeService(options.config, uids).serve(listener)
        except OSError as error:  # systemd starts another one for the next connection
            log(WARNING, f"the socket cannot be served: {error.strerror}")
            return EXIT_FAILED
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
