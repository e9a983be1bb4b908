"""The secrets file: JSON that its owner alone can read, replaced atomically and under a lock.

framebus.credentials.accounts and framebus.credentials.curve_keys own different keys of it.
"""

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

MAX_FILE_BYTES = 1 << 20


class SecretsError(FramebusError):
    """The secrets file cannot be used, or not for this; the text says why and what to do, and shows nothing of it."""


def read(file: Path) -> dict[str, Any]:
    """What is in the file; nothing where there is none. Raises SecretsError, also when others can read it."""
    try:
        with file.open("rb") as opened:
            found = os.fstat(opened.fileno())
            if found.st_mode & 0o077:
                mode = f"{stat.S_IMODE(found.st_mode):04o}"
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
    except (ValueError, RecursionError):  # whose text would show what is in the file
        raise SecretsError(f"{file} is no JSON; allowed: what framebus writes there") from None
    if not isinstance(content, dict):
        raise SecretsError(f"{file} holds no JSON object; allowed: what framebus writes there")
    return content


@contextmanager
def changing(file: Path) -> Iterator[dict[str, Any]]:
    """Change what is in the file: the block changes the dictionary that it gets.

    Nobody else changes the file meanwhile, and nothing is written where the block raises, or changes nothing. Raises
    SecretsError.
    """
    with _locked(file):
        before = read(file)
        content = json.loads(json.dumps(before))
        yield content
        if content != before:
            _write(file, content)


def signature(file: Path) -> tuple[int, ...]:
    """Changes whenever the file does; empty while there is none."""
    try:
        found = file.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_mode


def _write(file: Path, content: dict[str, Any]) -> None:
    try:
        owner = file.stat() if file.exists() else file.parent.stat()
        write_atomically(file, json.dumps(content, indent=1).encode() + b"\n", PRIVATE, lasting=True)
        if os.geteuid() == 0:  # made with sudo: it is his whose folder it is in, so that framebus can read it
            os.chown(file, owner.st_uid, owner.st_gid, follow_symlinks=False)
    except OSError as error:
        raise SecretsError(f"{file} cannot be written: {error.strerror}") from None


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    lock = file.with_name(f"{file.name}.lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE)
    except OSError as error:
        raise SecretsError(f"{lock} cannot be opened: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
