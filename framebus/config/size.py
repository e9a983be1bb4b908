"""A picture's size, as the configuration and the command line write it."""

import re
from typing import ClassVar

import msgspec


class Size(msgspec.Struct, frozen=True):
    """Pixels, as in "1280x720"."""

    width: int
    height: int

    ALLOWED: ClassVar[str] = 'WIDTHxHEIGHT in pixels, each from 16 to 8192, such as "1280x720"'

    @classmethod
    def parse(cls, text: str) -> "Size":
        """Raises ValueError, its text what is allowed."""
        found = re.fullmatch("([0-9]{2,4})x([0-9]{2,4})", text)
        if found is None:
            raise ValueError(cls.ALLOWED)
        size = cls(int(found[1]), int(found[2]))
        if not (16 <= size.width <= 8192 and 16 <= size.height <= 8192):
            raise ValueError(cls.ALLOWED)
        return size

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"
