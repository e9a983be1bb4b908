"""The CURVE keys of this machine, in the secrets file: its own two pairs, and the clients that may connect to it.

CURVE (rfc.zeromq.org/spec/26) encrypts what goes over tcp and tells who is at the other end. What stands under `curve`
in the file is ours; whatever else is in it survives. framebus.transport.zap_authenticator
checks clients against it.
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
"""Where ours stands in the file."""
Z85_KEY_PATTERN = r"\A[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}\Z"
"""32 bytes in Z85 (rfc.zeromq.org/spec/32)."""
CLIENT_PATTERN = r"\A[a-z0-9][a-z0-9_-]{0,31}\Z"
CLIENT_ALLOWED = "1 to 32 of a-z, 0-9, - and _, the first a letter or a digit"
MAX_CLIENTS = 1000

Z85Key = Annotated[str, msgspec.Meta(pattern=Z85_KEY_PATTERN)]


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
    return _keys_of(secrets_file.read(file), file)


@contextmanager
def changing(file: Path) -> Iterator[list[CurveKeys]]:
    """Change the keys: the block finds them in a list, and leaves there what shall be written.

    Nobody else changes the file meanwhile, and nothing is written where the block raises. Raises SecretsError.
    """
    with secrets_file.changing(file) as content:
        held = [_keys_of(content, file)]
        before = held[0]
        yield held
        if held[0] != before:
            content[KEY] = msgspec.to_builtins(held[0])


def _keys_of(content: dict[str, Any], file: Path) -> CurveKeys:
    try:
        return msgspec.convert(content.get(KEY, {}), CurveKeys)
    except msgspec.ValidationError:
        raise SecretsError(f"{file}: {KEY} holds what is no key; allowed: what `framebus keys` writes there") from None
