"""The users and tokens of the secrets file and their rights. The gateway decides who sent a request."""

import base64
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from framebus.credentials import secrets_file
from framebus.credentials.secrets_file import SecretsError
from framebus.protocol.wire import CameraName

Scope = Literal["view", "snapshot", "recordings", "control", "admin"]
SCOPES: tuple[Scope, ...] = ("view", "snapshot", "recordings", "control", "admin")
NAME_PATTERN = r"\A[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}\Z"
NAME_ALLOWED = "1 to 64 of A-Z, a-z, 0-9, and _ . @ -, the first a letter or a digit"
MAX_OF_EACH = 1000
"""The limit for users, and for tokens."""
TOKEN_PREFIX = "fb_"
"""Makes a token recognizable in a log or a repository that it got into by mistake."""
TOKEN_BYTES = 32

Name = Annotated[str, msgspec.Meta(pattern=NAME_PATTERN)]


class User(msgspec.Struct, frozen=True, omit_defaults=True):
    """A person who logs in with a password."""

    scrypt: str
    """The password hash, as framebus.credentials.passwords makes it."""
    scopes: tuple[Scope, ...] = SCOPES
    cameras: tuple[CameraName, ...] | None = None
    """The cameras that the scopes hold for; None for all."""

    def __repr__(self) -> str:
        return f"User({self.scopes}, {self.cameras})"  # without the hash: a traceback may show this


class Token(msgspec.Struct, frozen=True, omit_defaults=True):
    """A program that sends a token."""

    sha256: str
    """SHA-256 of the token, in hex. A token has 256 random bits: a slow hash would add nothing."""
    created: float
    """Unix seconds."""
    scopes: tuple[Scope, ...] = ("view", "snapshot")
    cameras: tuple[CameraName, ...] | None = None

    def __repr__(self) -> str:
        return f"Token({self.scopes}, {self.cameras})"


class Accounts(msgspec.Struct, frozen=True, omit_defaults=True):
    """All users and tokens, by name."""

    users: Annotated[dict[Name, User], msgspec.Meta(max_length=MAX_OF_EACH)] = {}
    tokens: Annotated[dict[Name, Token], msgspec.Meta(max_length=MAX_OF_EACH)] = {}
    login_required: bool = False
    """Whether the file has ever held a user or a token: removing the last one does not let everyone in."""

    def __bool__(self) -> bool:
        """Whether there is a user or a token."""
        return bool(self.users or self.tokens)


def read(file: Path) -> Accounts:
    """Read the users and tokens.

    Returns:
        Those of the file; none if there is no file.

    Raises:
        SecretsError: The file cannot be read, or framebus did not write these.
    """
    content = secrets_file.read(file)
    tables: dict[str, Any] = {key: content[key] for key in ("users", "tokens") if key in content}
    try:
        return msgspec.convert({**tables, "login_required": bool(tables)}, Accounts)
    except msgspec.ValidationError as error:
        key = str(error).rpartition(" - at ")[2].strip("`")
        allowed = "what `framebus passwd` and `framebus token` write there"
        raise SecretsError(f"{file}: the value of {key} is invalid; allowed: {allowed}") from None


@contextmanager
def changing(file: Path, owner: tuple[int, int] | None = None) -> Iterator[Accounts]:
    """Change users and tokens: the block changes the two dictionaries. Nothing is written if it raises.

    Args:
        file: The secrets file.
        owner: Its owner if root writes it; see framebus.credentials.secrets_file.changing.

    Raises:
        SecretsError: The file cannot be read or written, or would hold too many of them.
    """
    with secrets_file.changing(file, owner) as content:
        before = read(file)
        after = Accounts(dict(before.users), dict(before.tokens))
        yield after
        for kind, entries in (("users", after.users), ("tokens", after.tokens)):
            if len(entries) > MAX_OF_EACH:
                raise SecretsError(f"{file} would hold {len(entries)} {kind}; allowed: at most {MAX_OF_EACH}")
        if before.login_required or after:
            content.update(users=msgspec.to_builtins(after.users), tokens=msgspec.to_builtins(after.tokens))


def is_name(name: str) -> bool:
    """Whether a user or a token may have this name: no character has a meaning in a header, a path or a log."""
    return re.match(NAME_PATTERN, name) is not None


def new_token() -> str:
    """Make a token of 256 random bits."""
    return TOKEN_PREFIX + base64.urlsafe_b64encode(os.urandom(TOKEN_BYTES)).decode().rstrip("=")


def fingerprint(stored: str) -> str:
    """What a session and a one-time link hold of a stored password or token: it changes with that."""
    return _sha256(stored)[:32]


def token_hash(token: str) -> str:
    """The SHA-256 of a token in hex, which the secrets file stores in place of the token."""
    return _sha256(token)


def _sha256(text: str) -> str:
    import hashlib  # here, as capture and snapshot need none of it: it takes OpenSSL along (1.2 MB)

    return hashlib.sha256(text.encode()).hexdigest()
