"""EBML, the coding of Matroska (RFC 8794): elements into bytes, and the heads of elements out of bytes. Pure."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

UNKNOWN_SIZE = b"\x01\xff\xff\xff\xff\xff\xff\xff"
"""Of an element that lasts until the end of the file (RFC 8794, section 6.2)."""
MAX_ID_BYTES = 4
MAX_SIZE_BYTES = 8
MAX_HEAD_BYTES = MAX_ID_BYTES + MAX_SIZE_BYTES
"""A head is never longer, with the lengths that Matroska uses (RFC 9559, section 5)."""


class Head(NamedTuple):
    """What stands before the data of an element."""

    id: int
    """With its marker bits, as tables of elements list it."""
    length: int
    """Bytes that the head itself takes."""
    size: int | None
    """Bytes of data; None where it is unknown."""


def element(id: int, data: bytes) -> bytes:
    """An element with this data."""
    return id_bytes(id) + size_bytes(len(data)) + data


def id_bytes(id: int) -> bytes:
    """The id as it stands in a file."""
    return id.to_bytes((id.bit_length() + 7) // 8)


def size_bytes(size: int) -> bytes:
    """The size of an element in as few bytes as hold it. All bits set mean an unknown size, hence `- 1`."""
    length = 1
    while size >= (1 << 7 * length) - 1:
        length += 1
    return (size | 1 << 7 * length).to_bytes(length)


def unsigned(id: int, value: int) -> bytes:
    """An element with an integer from 0."""
    return element(id, value.to_bytes(max(1, (value.bit_length() + 7) // 8)))


def signed(id: int, value: int) -> bytes:
    """An element with an integer of 64 bits, or a date in ns since 2001."""
    return element(id, struct.pack(">q", value))


def double(id: int, value: float) -> bytes:
    """An element with a number of 64 bits."""
    return element(id, struct.pack(">d", value))


def text(id: int, value: str) -> bytes:
    """An element with a text in UTF-8."""
    return element(id, value.encode())


def read_head(data: bytes, at: int = 0) -> Head | None:
    """The head that begins at an offset; None where there is none, or where it is cut."""
    id_length = _length(data, at, MAX_ID_BYTES)
    size_length = _length(data, at + id_length, MAX_SIZE_BYTES) if id_length else 0
    end = at + id_length + size_length
    if not size_length or end > len(data):
        return None
    value = int.from_bytes(data[at + id_length : end]) & (1 << 7 * size_length) - 1
    size = None if value == (1 << 7 * size_length) - 1 else value
    return Head(int.from_bytes(data[at : at + id_length]), end - at, size)


def _length(data: bytes, at: int, most: int) -> int:
    """How many bytes a number of variable length takes, by its first byte; 0 for one that is too long or cut."""
    if at >= len(data):
        return 0
    length = 9 - data[at].bit_length()
    return length if length <= most else 0


def children(data: bytes, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The complete elements between two offsets: of each its id, and where its data begins and ends."""
    while begin < end:
        head = read_head(data, begin)
        if head is None or head.size is None or begin + head.length + head.size > min(end, len(data)):
            return
        begins = begin + head.length
        begin = begins + head.size
        yield head.id, begins, begin


def number_bytes(data: bytes) -> int:
    """How many bytes the number of variable length at the beginning takes; 0 where it is cut or invalid."""
    return _length(data, 0, MAX_SIZE_BYTES)
