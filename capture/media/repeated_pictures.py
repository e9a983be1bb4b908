"""Recognizes a picture that a server sends again, as framebus itself does while its camera gives none. Pure."""

import re

TAIL_BYTES = 256
"""The end of a picture. With its length and its time, it stands for the picture, so that no second one is held."""
_MICROSECONDS = re.compile(rb"\.[0-9]{3}(?!000)[0-9]{3}\Z")
"""A time so exact that no two pictures have the same."""


class RepeatedPictures:
    """Of one camera. It outlives the connections: a server sends its last picture to each new one."""

    def __init__(self) -> None:
        """Begin with no picture."""
        self._last: tuple[bytes, int, bytes] | None = None
        self._is_exact = False
        """Whether the times change from picture to picture, and have microseconds."""

    def is_repeat(self, timestamp: bytes, jpeg: bytes) -> bool:
        """Whether a picture is the one before, sent again, or what framebus draws on that while its camera is offline.

        Args:
            timestamp: its X-Timestamp. Without one, or with zeros, as some plugins of mjpg-streamer send, every picture
                counts as new: the same picture may well have been taken twice.
            jpeg: the picture.
        """
        if not timestamp.strip(b"0. "):
            return False
        picture = timestamp, len(jpeg), jpeg[-TAIL_BYTES:]
        last, self._last = self._last, picture
        if last is not None and last[0] == timestamp:
            return self._is_exact or last == picture
        self._is_exact = last is not None and _MICROSECONDS.search(timestamp) is not None
        return False
