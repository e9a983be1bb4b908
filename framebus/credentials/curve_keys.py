"""The CURVE keys of this machine in the secrets file: its own two key pairs, and the clients that may connect.

CURVE (rfc.zeromq.org/spec/26) encrypts and authenticates connections over tcp. This module reads and writes the key
`curve` of the file and leaves the rest alone. framebus.transport.zap_authenticator checks clients against it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import zmq

from framebus.credentials import secrets_file
from framebus.credentials.secrets_file import SecretsError

KEY = "curve"
"""The key of the secrets file that holds the CURVE keys."""
Z85_KEY_PATTERN = r"\A[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}\Z"
"""32 bytes in Z85 (rfc.zeromq.org/spec/32)."""
CLIENT_PATTERN = r"\A[a-z0-9][a-z0-9_-]{0,31}\Z"
CLIENT_ALLOWED = "1 to 32 of a-z, 0-9, - and _, the first a letter or a digit"
MAX_CLIENTS = 1000

Z85Key = Annotated[str, msgspec.Meta(pattern=Z85_KEY_PATTERN)]


class KeyPair(msgspec.Struct, frozen=True):
    """A CURVE key pair, in Z85."""

    public: Z85Key
    secret: Z85Key

    @classmethod
    def make(cls) -> "KeyPair":
        """Make a new key pair."""
        public, secret = zmq.curve_keypair()
        return cls(public.decode(), secret.decode())

    def __repr__(self) -> str:
        """The public key alone: a log or a traceback may show this."""
        return f"KeyPair({self.public})"


class CurveKeys(msgspec.Struct, frozen=True, omit_defaults=True):
    """The content of `curve` in the secrets file."""

    server: KeyPair | None = None
    """The key pair for clients that connect to this machine."""
    client: KeyPair | None = None
    """The key pair with which this machine connects to others."""
    clients: Annotated[
        dict[Annotated[str, msgspec.Meta(pattern=CLIENT_PATTERN)], Z85Key], msgspec.Meta(max_length=MAX_CLIENTS)
    ] = {}
    """The public keys of the clients that may connect, by the names that this machine gives them."""


def read(file: Path) -> CurveKeys:
    """Read the keys.

    Returns:
        Those of the file; none if there is no file.

    Raises:
        SecretsError: The file cannot be read, or framebus did not write these.
    """
    return _keys_of(secrets_file.read(file), file)


@contextmanager
def changing(file: Path, owner: tuple[int, int] | None = None) -> Iterator[list[CurveKeys]]:
    """Change the keys: the block gets them as the only item of a list, and replaces that item.

    A lock keeps other processes from changing the file meanwhile. Nothing is written if the block raises.

    Args:
        file: The secrets file.
        owner: Its owner if root writes it; see framebus.credentials.secrets_file.changing.

    Raises:
        SecretsError: The file cannot be read or written.
    """
    with secrets_file.changing(file, owner) as content:
        before = _keys_of(content, file)
        keys = [before]
        yield keys
        if keys[0] != before:
            content[KEY] = msgspec.to_builtins(keys[0])


def _keys_of(content: dict[str, Any], file: Path) -> CurveKeys:
    try:
        return msgspec.convert(content.get(KEY, {}), CurveKeys)
    except msgspec.ValidationError:
        raise SecretsError(f"{file}: {KEY} holds an invalid key; allowed: what `framebus keys` writes there") from None
