"""Unpacks the body of an HTTP response that is compressed with gzip or deflate, a limited piece at a time."""

import zlib
from collections.abc import Callable

PACKED = ("gzip", "x-gzip", "deflate")
"""Encodings that some servers use although they were asked for none."""
ANY_WRAPPER = 32 + zlib.MAX_WBITS
"""zlib tells gzip and deflate apart by itself."""
READ_BYTES = 64 * 1024


class CompressedBody:
    """Reads one body. What a read leaves over stays compressed: 1 KB may hold 1 MB."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        """`read` returns at most so many compressed bytes, waiting for the first; empty at the end."""
        self._read = read
        self._unpack = zlib.decompressobj(wbits=ANY_WRAPPER)

    @property
    def holds_bytes(self) -> bool:
        """Whether compressed bytes are left over from the read before."""
        return bool(self._unpack.unconsumed_tail)

    def read(self, size: int) -> bytes:
        """At most so many unpacked bytes, waiting for the first; empty at the end.

        Raises zlib.error for bytes that cannot be unpacked, and what `read` raises.
        """
        unpacked = self._unpack.decompress(self._unpack.unconsumed_tail, size)
        while not unpacked and (data := self._read(READ_BYTES)):
            unpacked = self._unpack.decompress(data, size)
        return unpacked
