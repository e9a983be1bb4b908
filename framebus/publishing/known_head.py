"""Recognizes the pictures of one camera by their head, so that their image data need not be searched for markers. Pure.

A camera sends the same tables and the same frame header with each picture. Where they are those of the picture before,
all that they say is known, and only the end of the picture has to be looked at.
"""

import msgspec

from framebus.protocol.jpeg import EOI, SOI
from framebus.publishing.jpeg import APP1, APP2, Jpeg
from framebus.publishing.jpeg_walker import APPLICATION, COM, DHT

LABELS = frozenset({COM, *APPLICATION}) - {APP1, APP2}
"""Segments that differ from picture to picture, such as a time, and say nothing that Jpeg knows of."""
LABEL_BYTES = 4
"""Marker and length of one."""
MAX_LABELS = 8
"""A picture with more of them ahead of its tables is parsed as a whole."""
NEEDLE_BYTES = 300
"""At most; the end of the tables, which a picture of another size or quality has as well: Huffman tables and the scan
header. The longer it is, the more bytes of the image data are skipped: 2 µs for 162 KB, where 32 bytes take 17 µs."""
LEAST_NEEDLE_BYTES = 32
"""Where there are no Huffman tables. So many bytes are not there by chance."""
HUFFMAN_TABLES = b"\xff" + bytes([DHT])
BEGIN_BYTES = 89
"""The beginning, which a picture with other Huffman tables has as well, such as a grey one: SOI, JFIF, a table."""


class KnownHead:
    """Parses the pictures of one camera, one after the other."""

    def __init__(self, max_megapixels: float | None = None) -> None:
        """Begin with no picture.

        Args:
            max_megapixels: the most pixels allowed, in millions; None for no limit.
        """
        self._max_megapixels = max_megapixels
        self._tables = b""
        """Of the last picture that was parsed as a whole: from its first segment that is no label to its image data."""
        self._needle = b""
        """The end of them."""
        self._begin = 0
        """Where they begin."""
        self._labels: tuple[tuple[int, bytes], ...] = ()
        """Of the labels before them: where each begins, and its marker and length."""
        self._last: Jpeg | None = None
        """What they say, with no data; its `scan` counts from the tables."""

    def parse(self, data: bytes) -> Jpeg:
        """As Jpeg.parse, but where the head is known and EOI is at the end, markers in the image data are left there.

        Bytes behind an earlier EOI stay, and damage that makes a marker is not noticed, as most damage never is.

        Raises:
            JpegError: the data hold no JPEG, or it has no frame header, is cut off, or is too large.
        """
        known = self._recognized(data)
        if known is None:
            known = Jpeg.parse(data, self._max_megapixels)
            self._remember(data, known)
        return known

    def _recognized(self, data: bytes) -> Jpeg | None:
        """The picture, where it has the tables of the last one, an end, and no other picture in it."""
        last, tables = self._last, self._tables
        if last is None or not data.startswith(SOI) or not data.endswith(EOI):
            return None
        begin = self._begin
        for at, beginning in self._labels:
            if not data.startswith(beginning, at):
                begin = _labels(data)[1]
                break
        end = begin + len(tables)
        if not data.startswith(tables, begin):
            return None
        if data.rfind(self._needle, end) >= 0 or data.rfind(data[:BEGIN_BYTES], end) >= 0:
            return None
        return Jpeg(data, last.width, last.height, last.orientation, begin + last.scan, last.has_huffman_tables)

    def _remember(self, data: bytes, jpeg: Jpeg) -> None:
        labels, begin = _labels(data)
        end = jpeg.scan + 2 + int.from_bytes(data[jpeg.scan + 2 : jpeg.scan + 4])
        is_plain = jpeg.data is data and not jpeg.has_more_pictures  # `data` is another one where it was repaired
        if is_plain and begin and end - begin >= LEAST_NEEDLE_BYTES:
            self._tables, self._last = data[begin:end], msgspec.structs.replace(jpeg, data=b"", scan=jpeg.scan - begin)
            self._begin = begin
            self._labels = tuple((at, data[at : at + LABEL_BYTES]) for at in labels)
            huffman = data.find(HUFFMAN_TABLES, begin, end)
            needle_bytes = (
                LEAST_NEEDLE_BYTES if huffman < 0 else max(LEAST_NEEDLE_BYTES, min(NEEDLE_BYTES, end - huffman))
            )
            self._needle = data[end - needle_bytes : end]


def _labels(data: bytes) -> tuple[list[int], int]:
    """Where the labels begin, and the first segment that is none; 0 where no SOI and labels are ahead of one."""
    labels: list[int] = []
    at = len(SOI)
    if not data.startswith(SOI):
        return labels, 0
    for _ in range(MAX_LABELS):
        if len(data) < at + LABEL_BYTES:
            return labels, 0
        if data[at] != 0xFF or data[at + 1] not in LABELS:
            return labels, at
        labels.append(at)
        at += 2 + int.from_bytes(data[at + 2 : at + LABEL_BYTES])
    return labels, 0
