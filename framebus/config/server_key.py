"""The public key of another machine's capture, as the configuration writes it."""

import re
from typing import ClassVar

import msgspec

from framebus.credentials.curve_keys import Z85_KEY_PATTERN


class ServerKey(msgspec.Struct, frozen=True):
    """Who has to be at the other end of a tcp endpoint that is connected to."""

    z85: str

    ALLOWED: ClassVar[str] = "the 40 characters that `framebus keys server` prints on the camera's machine"

    @classmethod
    def parse(cls, text: str) -> "ServerKey":
        """Raises ValueError, its text what is allowed."""
        if not re.match(Z85_KEY_PATTERN, text):
            raise ValueError(cls.ALLOWED)
        return cls(text)

    def __str__(self) -> str:
        return self.z85
