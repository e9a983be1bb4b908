"""The file of a recording: messages of the wire format, one after another, so that a cut file is read up to its cut.

docs/wire-format.md describes it for other languages. Pure, but for the file object that the caller opens.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from framebus.errors import FramebusError
from framebus.protocol.wire import MAX_MESSAGE_BYTES, FrameHeader, WireError, parse

MAGIC = b"framebus-recording 1\n"
RECORD = struct.Struct(">II")
"""Before each message: its length and its CRC-32, as unsigned integers of 32 bits, the highest byte first."""


class RecordingError(FramebusError, ValueError):
    """A file is no recording."""


def record(message: bytes) -> bytes:
    """What is appended to the file for a message."""
    return RECORD.pack(len(message), zlib.crc32(message)) + message


class RecordingReader:
    """Reads the frames of a recording in order. The caller closes the file."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        """Read the first line. Raises RecordingError for another kind of file; `name` is what it calls it."""
        if file.read(len(MAGIC)) != MAGIC:
            raise RecordingError(f"{name}: no recording of framebus; allowed: a file that `framebus record` wrote")
        self.is_cut = False
        """Whether the file ended within a frame, or is damaged there: what follows was not read."""
        self._file = file

    def __iter__(self) -> Iterator[tuple[FrameHeader, bytes]]:
        """Each frame: its header, and the bytes of its JPEG."""
        while True:
            head = self._file.read(RECORD.size)
            if not head:
                return
            length, checksum = RECORD.unpack(head) if len(head) == RECORD.size else (0, 0)
            message = self._file.read(length) if 0 < length <= MAX_MESSAGE_BYTES else b""
            if not message or len(message) < length or zlib.crc32(message) != checksum:
                self.is_cut = True
                return
            try:
                parts, header = parse(message, FrameHeader)
            except WireError:  # of a kind that a later version records
                continue
            yield header, parts.body
