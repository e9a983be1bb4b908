"""The CURVE keys of this machine, in the secrets file: its own two pairs, and the clients that may connect to it.

CURVE (rfc.zeromq.org/spec/26) encrypts what goes over tcp and tells who is at the other end. What stands under `curve`
in the file is ours; whatever else is in it survives. Who is let in at a socket is framebus.gatekeeper's part.
"""

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import zmq

from framebus.whole_file import PRIVATE, write_whole

KEY = "curve"
"""Where ours stands in the file."""
Z85_KEY_PATTERN = r"\A[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}\Z"
"""32 bytes in Z85 (rfc.zeromq.org/spec/32)."""
CLIENT_PATTERN = r"\A[a-z0-9][a-z0-9_-]{0,31}\Z"
CLIENT_ALLOWED = "1 to 32 of a-z, 0-9, - and _, the first a letter or a digit"
MAX_CLIENTS = 1000
MAX_FILE_BYTES = 1 << 20

Z85Key = Annotated[str, msgspec.Meta(pattern=Z85_KEY_PATTERN)]


class SecretsError(Exception):
    """The secrets file cannot be used, or not for this; the text says why and what to do."""


class KeyPair(msgspec.Struct, frozen=True):
    """A key pair of CURVE, in Z85."""

    public: Z85Key
    secret: Z85Key

    @classmethod
    def make(cls) -> "KeyPair":
        """A new one."""
        public, secret = zmq.curve_keypair()
        return cls(public.decode(), secret.decode())

    def __repr__(self) -> str:
        """Without the secret: this may stand in a log or a traceback."""
        return f"KeyPair({self.public})"


class CurveKeys(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the file says under `curve`."""

    server: KeyPair | None = None
    """Who this machine is to those who connect to it."""
    client: KeyPair | None = None
    """Who this machine is to those it connects to."""
    clients: Annotated[
        dict[Annotated[str, msgspec.Meta(pattern=CLIENT_PATTERN)], Z85Key], msgspec.Meta(max_length=MAX_CLIENTS)
    ] = {}
    """The public keys of those who may connect to it, by names given here."""


def read(file: Path) -> CurveKeys:
    """The keys in the file; none where there is no file. Raises SecretsError."""
    return _keys_of(_content(file), file)


@contextmanager
def changing(file: Path) -> Iterator[list[CurveKeys]]:
    """Change the keys: the block finds them in a list, and leaves there what shall be written.

    Nobody else changes the file meanwhile, and nothing is written where the block raises. Raises SecretsError.
    """
    with _locked(file):
        content = _content(file)
        before = _keys_of(content, file)
        held = [before]
        yield held
        if held[0] != before:
            _write(file, {**content, KEY: msgspec.to_builtins(held[0])})


def signature(file: Path) -> tuple[int, ...]:
    """Changes whenever the file does; empty while there is none."""
    try:
        found = file.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_mode


def _content(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            if mode & 0o077:
                raise SecretsError(
                    f"{file} can be read by others (mode {stat.S_IMODE(mode):04o}); run: chmod 600 {file}"
                )
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


def _keys_of(content: dict[str, Any], file: Path) -> CurveKeys:
    try:
        return msgspec.convert(content.get(KEY, {}), CurveKeys)
    except msgspec.ValidationError:
        raise SecretsError(f"{file}: {KEY} holds what is no key; allowed: what `framebus keys` writes there") from None


def _write(file: Path, content: dict[str, Any]) -> None:
    try:
        owner = file.stat() if file.exists() else None
        write_whole(file, json.dumps(content, indent=1).encode() + b"\n", PRIVATE, lasting=True)
        if owner is not None and os.geteuid() == 0:  # a new file in its place, made with sudo, stays its owner's
            os.chown(file, owner.st_uid, owner.st_gid)
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
