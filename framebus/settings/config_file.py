"""Changes framebus.toml for a person: checks the change, keeps the old file beside it, and lets framebus apply it.

The person who edits the file by hand stays in charge: a change that would also apply an edit that is not in force yet,
or would undo one, is refused.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import stat
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from framebus.config import checked_copy
from framebus.config import load as configuration
from framebus.config.edit import EditError
from framebus.config.load import Config, ConfigError
from framebus.runtime.atomic_write import write_atomically
from framebus.runtime.regular_file import open_regular, read_regular
from framebus.settings.change import Change, edit_of
from framebus.settings.settings_error import SettingsError

OLD = ".old"
"""Behind the name of the file: what it was before the last change."""
NOT_RUNNING = "framebus does not run; start it with: framebus up, or as a service: sudo systemctl start framebus"
LOCK_SECONDS = 5.0
"""A change takes a fraction of a second."""
LOCK_POLL_SECONDS = 0.05
APPLY_SECONDS = 10.0
"""A change of another process, such as a command, is in force so long after it was written; a reload takes seconds."""
NOT_PERMITTED = (errno.EACCES, errno.EPERM)
Edit = Callable[[str], str]
"""Makes the new text of the old one. It may raise EditError and SettingsError."""


class ConfigFile:
    """The file of one framebus, which need not run."""

    def __init__(self, path: Path | None, run_dir: Path) -> None:
        """Look at nothing yet.

        Args:
            path: The user's file; None where framebus runs with the built-in defaults.
            run_dir: Of the framebus that runs with it.
        """
        self._path = path
        self._run_dir = run_dir

    @property
    def path(self) -> Path:
        """The file. Raises SettingsError where there is none."""
        if self._path is None:
            raise SettingsError(
                "read-only", "there is no framebus.toml to change; to make one, run: framebus config > framebus.toml"
            )
        return self._path

    def read(self) -> str:
        """Its text. Raises ConfigError and SettingsError."""
        return configuration.read_text(self.path)

    def is_edited(self, text: str) -> bool:
        """Whether the text is another one than framebus runs with; False where that is unknown."""
        try:
            in_force = read_regular(self._run_dir / checked_copy.FILE_NAME).decode("utf-8")
        except (OSError, UnicodeDecodeError):
            return False
        original = checked_copy.original_of(in_force)
        if original is None or original.path is None or original.path != self.path.absolute():
            return False
        return checked_copy.copy_of(text.encode(), original) != in_force.encode()

    def why_read_only(self) -> str:
        """Why this user cannot change it; empty if that is possible."""
        if self._path is None:
            return "framebus runs without a framebus.toml"
        path = self._path.resolve()
        if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK | os.X_OK):
            return ""
        return f"{self._path} and its folder cannot be written by the user that runs framebus"

    def change(self, edit: Edit, *, version: str | None = None, by_hand: bool = True) -> list[str]:
        """Change the file, and let the framebus that runs apply it.

        Args:
            edit: Makes the new text.
            version: That of the text which the person has seen; None if the newest one will do.
            by_hand: Whether the person has the file before them: edits that are not in force yet are applied as well.

        Returns:
            What was done, a sentence each.

        Raises:
            SettingsError: The change was refused; nothing has changed.
            ConfigError: framebus refuses the changed file; it is as it was.
            SupervisionError: The framebus that runs cannot be asked; the file is changed.
        """
        before, after = self.write(edit, version=version, by_hand=by_hand)
        return self.apply(before, after)

    def write(
        self, edit: Edit, *, version: str | None = None, by_hand: bool = True, keys: bool = True
    ) -> tuple[str, str]:
        """The first half of `change`: returns the old text and the new one, which may be equal.

        Without `keys`, the users and keys that the new text takes are not looked for.
        """
        if not by_hand:
            self.wait_until_in_force()
        with self._locked():
            before = self.read()
            self.check_seen(before, version, by_hand=by_hand)
            after = self.edited(edit, before)
            if after != before:
                check(after, self.path, keys=keys)
                self._replace(before, after)
            return before, after

    def carry_out(self, change: Change, *, version: str | None = None) -> tuple[str, str]:
        """As `write`, for a person who does not have the file before them."""
        return self.write(edit_of(change), version=version, by_hand=False)

    def wait_until_in_force(self) -> None:
        """Wait while a change that another process has just made may be being applied. Raises as `read`."""
        deadline = time.monotonic() + APPLY_SECONDS
        while self.is_edited(self.read()) and self._age_seconds() < APPLY_SECONDS and time.monotonic() < deadline:
            time.sleep(LOCK_POLL_SECONDS)

    def _age_seconds(self) -> float:
        """Since the file was written; not to be relied on, as clocks are set."""
        try:
            return abs(time.time() - self.path.stat().st_mtime)
        except OSError:
            return APPLY_SECONDS

    def check_seen(self, text: str, version: str | None, *, by_hand: bool) -> None:
        """Check that a person knows the text that they change. Raises SettingsError."""
        if version is not None and version != version_of(text):
            raise SettingsError("changed", f"{self.path} was changed meanwhile; look at it again")
        if not by_hand and self.is_edited(text):
            raise SettingsError(
                "edited", f"{self.path} was edited by hand and is not in force yet; run: framebus reload"
            )

    def edited(self, edit: Edit, text: str) -> str:
        """The new text. Raises SettingsError."""
        try:
            return edit(text)
        except EditError as error:
            raise SettingsError("not-allowed", f"{self.path}: {error}; change it in an editor") from None

    def apply(self, before: str, after: str) -> list[str]:
        """The second half of `change`: let framebus read the file, and take the change back if it refuses it."""
        from framebus.supervision.client import NotRunningError, ask  # XML-RPC is 800 kB in the gateway's memory

        try:
            answer = ask(self._run_dir, "reload")
        except NotRunningError:
            return [NOT_RUNNING]
        if "mistakes" in answer:
            self.take_back(before, after)
            raise ConfigError(answer["mistakes"])
        sentences: list[str] = answer["sentences"]
        return sentences

    def take_back(self, before: str, after: str) -> None:
        """Put the old text back, unless somebody has changed the new one. Raises SettingsError and ConfigError."""
        with self._locked():
            if self.read() == after:
                self._replace(after, before, keep_old=False)

    def _replace(self, before: str, after: str, *, keep_old: bool = True) -> None:
        """Replace the file and keep its mode and owner."""
        path = self.path.resolve()
        try:
            status = path.stat()
            owner = (status.st_uid, status.st_gid) if os.geteuid() == 0 else None
            mode = stat.S_IMODE(status.st_mode)
            if not os.access(path, os.W_OK):  # its owner has made it read-only, in a folder that may be written to
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            if keep_old:
                self._write(path.with_name(path.name + OLD), before, mode, owner)
            if self.read() != before:  # an editor was faster
                raise SettingsError("changed", f"{self.path} was changed meanwhile; look at it again")
            self._write(path, after, mode, owner)
        except OSError as error:
            advice = "; run this command with sudo" if error.errno in NOT_PERMITTED else ""
            raise SettingsError("read-only", f"{self.path} cannot be written: {error.strerror}{advice}") from None

    def _write(self, path: Path, text: str, mode: int, owner: tuple[int, int] | None) -> None:
        write_atomically(path, text.encode(), mode, lasting=True, owner=owner, exact_mode=True)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other processes of framebus from changing the file meanwhile, by a lock on it."""
        path = self.path.resolve()
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                file = open_regular(path)
            except OSError as error:
                raise SettingsError("read-only", f"{self.path} cannot be opened: {error.strerror}") from None
            try:
                self._lock(file, deadline)
                if _is_still(path, file):  # else another process has replaced or deleted it meanwhile
                    yield
                    return
            finally:
                os.close(file)

    def _lock(self, file: int, deadline: float) -> None:
        """Wait for the lock, but not for ever: whoever may read the file can hold it.

        Without it, two changes at the same moment may lose one of them, which `_replace` notices but for an instant.
        """
        while time.monotonic() < deadline:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            time.sleep(LOCK_POLL_SECONDS)


def _is_still(path: Path, file: int) -> bool:
    """Whether an open file has this path."""
    try:
        return path.stat().st_ino == os.fstat(file).st_ino
    except FileNotFoundError:
        return False


def version_of(text: str) -> str:
    """What changes with the text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def check(text: str, path: Path, *, keys: bool = True) -> Config:
    """The configuration that the text is; `keys` as for framebus.config.load. Raises ConfigError."""
    try:
        return configuration.parse(tomllib.loads(text), path, keys=keys)
    except tomllib.TOMLDecodeError as error:  # after an edit, which was parsed: not to be expected
        raise ConfigError([f"{path}: {error}"]) from None
