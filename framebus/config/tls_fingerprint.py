"""The fingerprint of a camera's TLS certificate, by which a self-signed one is trusted."""

import re
from typing import ClassVar

import msgspec


class TlsFingerprint(msgspec.Struct, frozen=True):
    """The SHA-256 of a certificate in DER."""

    hex: str
    """64 lower-case hexadecimal digits."""

    ALLOWED: ClassVar[str] = (
        '"sha256:" and 64 hexadecimal digits, as `openssl x509 -fingerprint -sha256` prints them; colons are ignored'
    )

    @classmethod
    def parse(cls, text: str) -> "TlsFingerprint":
        """Read a fingerprint.

        Raises ValueError, its text what is allowed.
        """
        kind, _, digits = text.replace(" Fingerprint=", ":").strip().partition(":")
        digits = digits.replace(":", "").lower()
        if kind.lower() != "sha256" or not re.fullmatch("[0-9a-f]{64}", digits):
            raise ValueError(cls.ALLOWED)
        return cls(digits)

    def __str__(self) -> str:
        return f"sha256:{self.hex}"
