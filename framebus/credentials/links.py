"""One-time links: the first to open one is logged in as a user, or with the rights of a token."""

import hashlib
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec

from framebus.credentials import secrets_file
from framebus.credentials.accounts import Name
from framebus.credentials.secrets_file import SecretsError

FILE_NAME = "links"
"""In state_dir."""
SECRET_BYTES = 16
MAX_LINKS = 20
"""Links that have not been opened yet."""
DEFAULT_MINUTES = 15.0
MAX_MINUTES = 1440.0
PATTERN = r"[A-Za-z0-9_-]{22}"
"""What a secret looks like."""

Kind = Literal["user", "token"]


class TooManyLinksError(SecretsError):
    """As many links as are allowed wait to be opened."""


class Link(msgspec.Struct, frozen=True):
    """A link that has not been opened yet."""

    kind: Kind
    name: Name
    """Of the user or the token."""
    fingerprint: str
    """Of its password or token: the link ends when that changes."""
    expires: float
    """Unix seconds."""


def make(
    state_dir: Path,
    kind: Kind,
    name: str,
    fingerprint: str,
    *,
    minutes: float = DEFAULT_MINUTES,
    owner: tuple[int, int] | None = None,
    now: Callable[[], float] = time.time,
) -> str:
    """Make a link.

    Args:
        state_dir: The folder of the file, which is created if it does not exist.
        kind: Whether it is for a user or a token.
        name: Of the user or the token.
        fingerprint: Of what is stored of the password or token.
        minutes: How long it can be opened, at most MAX_MINUTES.
        owner: Of the file if root writes it.
        now: Unix seconds.

    Returns:
        The secret, which is the last part of the link's path and is stored nowhere.

    Raises:
        TooManyLinksError: There are MAX_LINKS already.
        SecretsError: The file cannot be written.
    """
    secret = secrets.token_urlsafe(SECRET_BYTES)
    _make_folder(state_dir, owner)
    with secrets_file.changing(state_dir / FILE_NAME, owner) as content:
        left = _left(content, now())
        if len(left) >= MAX_LINKS:
            raise TooManyLinksError(f"{MAX_LINKS} links wait to be opened; allowed: at most {MAX_LINKS}")
        left[_hash(secret)] = Link(kind, name, fingerprint, now() + 60 * min(minutes, MAX_MINUTES))
        _put(content, left)
    return secret


def redeem(state_dir: Path, secret: str, now: Callable[[], float] = time.time) -> Link | None:
    """Use a link up.

    Returns:
        The link; None if there is none with this secret, or it is too old.

    Raises:
        SecretsError: The file cannot be written.
    """
    file = state_dir / FILE_NAME
    if not file.exists():
        return None
    with secrets_file.changing(file) as content:
        left = _left(content, now())
        found = left.pop(_hash(secret), None)
        if found is not None:
            _put(content, left)
    return found


def pending(state_dir: Path, now: Callable[[], float] = time.time) -> list[Link]:
    """The links that can be opened. Raises SecretsError."""
    return list(_left(secrets_file.read(state_dir / FILE_NAME), now()).values())


def _hash(secret: str) -> str:
    """SHA-256; the secret has 128 random bits, so that a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _left(content: dict[str, Any], now: float) -> dict[str, Link]:
    try:
        links = msgspec.convert(content.get("links", {}), dict[str, Link])
    except msgspec.ValidationError:  # damaged, or of another version: none of them can be opened
        return {}
    return {key: link for key, link in links.items() if link.expires > now}


def _put(content: dict[str, Any], links: dict[str, Link]) -> None:
    content["links"] = msgspec.to_builtins(links)


def _make_folder(folder: Path, owner: tuple[int, int] | None) -> None:
    """Make it where it is missing, for the owner: root's command may come before the first start of the service."""
    try:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True)
            if owner is not None and os.geteuid() == 0:
                os.chown(folder, *owner, follow_symlinks=False)
    except FileExistsError:  # another process was faster, or it is something else, which is said when it is written to
        pass
    except OSError as error:
        raise SecretsError(f"{folder} cannot be created: {error.strerror}") from None
