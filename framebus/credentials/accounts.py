"""Who may do what: the people and the tokens of the secrets file. Who is asking is the gateway's part."""

import base64
import hashlib
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

Scope = Literal["view", "snapshot", "control", "admin"]
SCOPES: tuple[Scope, ...] = ("view", "snapshot", "control", "admin")
NAME_PATTERN = r"\A[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}\Z"
NAME_ALLOWED = "1 to 64 of A-Z, a-z, 0-9, and _ . @ -, the first a letter or a digit"
MAX_OF_EACH = 1000
"""People, and tokens."""
TOKEN_PREFIX = "fb_"
"""So that a token that went astray can be told for what it is."""
TOKEN_BYTES = 32

Name = Annotated[str, msgspec.Meta(pattern=NAME_PATTERN)]


class User(msgspec.Struct, frozen=True, omit_defaults=True):
    """A person, who logs in."""

    scrypt: str
    """The password, as framebus.credentials.passwords stores it."""
    scopes: tuple[Scope, ...] = SCOPES
    cameras: tuple[CameraName, ...] | None = None
    """The only ones that count for this person; None for all."""

    def __repr__(self) -> str:
        return f"User({self.scopes}, {self.cameras})"  # without the hash: this may stand in a traceback


class Token(msgspec.Struct, frozen=True, omit_defaults=True):
    """A thing, which shows its token."""

    sha256: str
    """Of the token, in hex: what has 256 bits by chance needs no slow hash."""
    created: float
    """Unix seconds."""
    scopes: tuple[Scope, ...] = ("view", "snapshot")
    cameras: tuple[CameraName, ...] | None = None

    def __repr__(self) -> str:
        return f"Token({self.scopes}, {self.cameras})"


class Accounts(msgspec.Struct, frozen=True, omit_defaults=True):
    """All of them, by name."""

    users: Annotated[dict[Name, User], msgspec.Meta(max_length=MAX_OF_EACH)] = {}
    tokens: Annotated[dict[Name, Token], msgspec.Meta(max_length=MAX_OF_EACH)] = {}
    asked_for: bool = False
    """Whether anybody was ever named: who has removed the last one has not opened the door to everybody."""

    def __bool__(self) -> bool:
        """Whether there is anybody."""
        return bool(self.users or self.tokens)


def read(file: Path) -> Accounts:
    """Those in the file; nobody where there is no file. Raises SecretsError."""
    content = secrets_file.read(file)
    named: dict[str, Any] = {key: content[key] for key in ("users", "tokens") if key in content}
    try:
        return msgspec.convert({**named, "asked_for": bool(named)}, Accounts)
    except msgspec.ValidationError as error:
        where = str(error).rpartition(" - at ")[2].strip("`")
        allowed = "what `framebus passwd` and `framebus token` write there"
        raise SecretsError(f"{file}: {where} is not what it should be; allowed: {allowed}") from None


@contextmanager
def changing(file: Path) -> Iterator[Accounts]:
    """Change them: the block changes the two dictionaries. Raises SecretsError; nothing is written where it raises."""
    with secrets_file.changing(file) as content:
        accounts = read(file)
        held = Accounts(dict(accounts.users), dict(accounts.tokens))
        yield held
        for what, all_of_them in (("people", held.users), ("tokens", held.tokens)):
            if len(all_of_them) > MAX_OF_EACH:
                raise SecretsError(f"{file} would hold {len(all_of_them)} {what}; allowed: at most {MAX_OF_EACH}")
        if accounts.asked_for or held:
            content.update(users=msgspec.to_builtins(held.users), tokens=msgspec.to_builtins(held.tokens))


def is_name(name: str) -> bool:
    """Whether a person or a token may be called that: nothing that could stand for more in a header or a log."""
    return re.match(NAME_PATTERN, name) is not None


def new_token() -> str:
    """A token that nobody can guess."""
    return TOKEN_PREFIX + base64.urlsafe_b64encode(os.urandom(TOKEN_BYTES)).decode().rstrip("=")


def token_hash(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
