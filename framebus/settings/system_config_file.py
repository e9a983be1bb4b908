"""Changes /etc/framebus/framebus.toml through the settings service, where the user of framebus may not write it."""

import contextlib
import os
import socket
from pathlib import Path
from typing import get_args

import msgspec

from framebus.config.load import SYSTEM_FILE, ConfigError
from framebus.settings.change import Change, edit_of
from framebus.settings.change_messages import REFUSED, SOCKET, UNDO, Answer, LineConnection, Request
from framebus.settings.config_file import ConfigFile, check, version_of
from framebus.settings.settings_error import Code, SettingsError

ANSWER_SECONDS = 30.0
"""The service starts in a tenth of that on a Pi Zero."""


def config_file(
    path: Path | None, run_dir: Path, *, system_file: Path = SYSTEM_FILE, service: Path = SOCKET
) -> ConfigFile:
    """The file as this user can change it.

    Args:
        path: As for ConfigFile.
        run_dir: As for ConfigFile.
        system_file: What the settings service changes.
        service: Its socket.
    """
    file = ConfigFile(path, run_dir)
    if path == system_file and file.why_read_only() and os.access(service, os.W_OK):
        return SystemConfigFile(path, run_dir, service)
    return file


class SystemConfigFile(ConfigFile):
    """The file of the service, for one change."""

    def __init__(self, path: Path | None, run_dir: Path, service: Path = SOCKET) -> None:
        """Look at nothing yet; `service` is the socket of the settings service."""
        super().__init__(path, run_dir)
        self._service = service
        self._connection: LineConnection | None = None

    def why_read_only(self) -> str:
        """Empty: the settings service may change it. Whether it does, it says when it is asked."""
        return ""

    def carry_out(self, change: Change, *, version: str | None = None) -> tuple[str, str]:
        """As that of ConfigFile. The service checks everything again, but for the users, whom only this user sees."""
        self.wait_until_in_force()
        before = self.read()
        self.check_seen(before, version, by_hand=False)
        after = self.edited(edit_of(change), before)
        if after == before:
            return before, before
        check(after, self.path)
        self._connection = self._connect()
        try:
            self._ask(msgspec.json.encode(Request(change, version_of(before))))
            return before, self.read()
        except BaseException:
            self._close()
            raise

    def apply(self, before: str, after: str) -> list[str]:
        """As that of ConfigFile."""
        try:
            return super().apply(before, after)
        finally:
            self._close()

    def take_back(self, before: str, after: str) -> None:
        """As that of ConfigFile; only of what this object has changed."""
        self._ask(UNDO)

    def _connect(self) -> LineConnection:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(str(self._service))
        except OSError as error:
            connection.close()
            raise SettingsError("read-only", f"framebus-settings.socket cannot be used: {error.strerror}") from None
        return LineConnection(connection)

    def _ask(self, line: bytes) -> None:
        """Raises SettingsError where the service refuses, or gives no answer."""
        if self._connection is None:
            return
        try:
            self._connection.send(line, ANSWER_SECONDS)
            answer = msgspec.json.decode(self._connection.receive(ANSWER_SECONDS), type=Answer)
        except (OSError, EOFError, ValueError, msgspec.MsgspecError):
            raise SettingsError(
                "failed", "framebus-settings.service gave no answer; see: journalctl -u framebus-settings"
            ) from None
        if answer.code == REFUSED:
            raise ConfigError(answer.message.splitlines())
        if answer.code:
            code: Code = next((code for code in get_args(Code) if code == answer.code), "failed")
            raise SettingsError(code, answer.message)

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.close()
