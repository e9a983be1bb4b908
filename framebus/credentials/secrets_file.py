"""The secrets file: JSON that only its owner can read, changed under a lock and replaced in one step.

framebus.credentials.accounts and framebus.credentials.curve_keys own different keys of it.
"""

import errno
import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from framebus.errors import FramebusError
from framebus.runtime.atomic_write import PRIVATE, write_atomically
from framebus.runtime.regular_file import open_regular

MAX_FILE_BYTES = 1 << 20


class SecretsError(FramebusError):
    """The secrets file cannot be read or written; the text says why and what to do, and quotes none of its content."""


def read(file: Path) -> dict[str, Any]:
    """Read the file.

    Returns:
        Its content; an empty dictionary if there is no file.

    Raises:
        SecretsError: The file cannot be read, others can read it too, or framebus did not write it.
    """
    try:
        with os.fdopen(open_regular(file), "rb") as opened:
            status = os.fstat(opened.fileno())
            if status.st_mode & 0o077:
                mode = f"{stat.S_IMODE(status.st_mode):04o}"
                raise SecretsError(f"{file} can be read by others (mode {mode}); run: chmod 600 {file}")
            text = opened.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SecretsError(f"{file} cannot be read: {error.strerror}") from None
    if len(text) > MAX_FILE_BYTES:
        raise SecretsError(f"{file} has more than {MAX_FILE_BYTES} bytes; allowed: what framebus writes there")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):  # their texts quote the file
        raise SecretsError(f"{file} is no JSON; allowed: what framebus writes there") from None
    if not isinstance(content, dict):
        raise SecretsError(f"{file} holds no JSON object; allowed: what framebus writes there")
    return content


@contextmanager
def changing(file: Path, owner: tuple[int, int] | None = None) -> Iterator[dict[str, Any]]:
    """Change the file: the block changes the dictionary that it gets.

    A lock keeps other processes from changing the file meanwhile. Nothing is written if the block raises or changes
    nothing.

    Args:
        file: The secrets file.
        owner: User and group id that the file and its lock belong to when root writes them; see
            framebus.runtime.privileges.service_owner. None keeps the owner of the file, or for a new file takes the
            owner of its folder.

    Raises:
        SecretsError: The file cannot be read or written.
    """
    with _locked(file, owner):
        before = read(file)
        content = json.loads(json.dumps(before))
        yield content
        if content != before:
            _write(file, content, owner)


def check_writable(file: Path) -> None:
    """Check that this user can change the file, without changing it.

    Raises:
        SecretsError: The lock cannot be opened, or no file can be created in the folder.
    """
    lock = _lock_of(file)
    if lock.exists() and not os.access(lock, os.R_OK | os.W_OK):
        raise _no_lock(lock, OSError(errno.EACCES, os.strerror(errno.EACCES)))
    probe = file.with_name(f".{file.name}.{os.getpid()}.probe")
    try:
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE))
        probe.unlink()
    except OSError as error:
        raise SecretsError(f"{file} cannot be written: {error.strerror}") from None


def signature(file: Path) -> tuple[int, ...]:
    """Values that change whenever the file changes; empty while there is no file."""
    try:
        status = file.stat()
    except OSError:
        return ()
    return status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_mode


def _write(file: Path, content: dict[str, Any], owner: tuple[int, int] | None) -> None:
    try:
        text = json.dumps(content, indent=1).encode() + b"\n"
        write_atomically(file, text, PRIVATE, lasting=True, owner=_owner_for(file, owner))
    except OSError as error:
        raise SecretsError(f"{file} cannot be written: {error.strerror}") from None


def _owner_for(file: Path, owner: tuple[int, int] | None) -> tuple[int, int] | None:
    """Who shall own what root writes, so that framebus can read it; None if this process is not root."""
    if os.geteuid() != 0 or owner is not None:
        return owner
    status = file.stat() if file.exists() else file.parent.stat()
    return status.st_uid, status.st_gid


def _lock_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.lock")


@contextmanager
def _locked(file: Path, owner: tuple[int, int] | None) -> Iterator[None]:
    lock = _lock_of(file)
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE)
    except OSError as error:
        raise _no_lock(lock, error) from None
    try:
        _give_lock(descriptor, lock, _owner_for(file, owner))
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _give_lock(descriptor: int, lock: Path, owner: tuple[int, int] | None) -> None:
    """Give the lock of root's to the owner of the file, who could not open it otherwise."""
    status = os.fstat(descriptor)
    if owner is None or owner == (status.st_uid, status.st_gid):
        return
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:  # a hard link: it could be any file of root's
        raise SecretsError(f"{lock} is not a lock file of framebus; run: rm {lock}")
    try:
        os.fchown(descriptor, *owner)
    except OSError as error:
        raise SecretsError(f"{lock} cannot be given to user {owner[0]}: {error.strerror}") from None


def _no_lock(lock: Path, error: OSError) -> SecretsError:
    advice = f"; run: sudo rm {lock}" if error.errno == errno.EACCES and lock.exists() else ""
    return SecretsError(f"{lock} cannot be opened: {error.strerror}{advice}")
