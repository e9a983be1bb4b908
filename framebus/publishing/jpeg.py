"""JPEG by its markers: is this a complete picture, how large, which way up (ITU-T T.81, annex B).

Reading is as lenient as decoders are: bytes ahead of SOI or between segments, a missing end of image, several pictures
in one. What comes out is exact: SOI first, EOI last, and nothing between two segments. Nothing is decoded, except for a
picture without an end of image.
"""

import msgspec

from framebus.errors import FramebusError
from framebus.protocol.jpeg import EOI, SOI
from framebus.publishing.jpeg_completeness import is_complete
from framebus.publishing.jpeg_walker import APPLICATION, COM, DHT, FRAME_HEADERS, SOS, JpegWalker

__all__ = ["STANDARD_HUFFMAN_TABLES", "Jpeg", "JpegError"]

APP1 = 0xE1
APP2 = 0xE2
BEGIN = SOI + b"\xff"
"""SOI and the first byte of the marker that follows it."""

EXIF = b"Exif\0\0"
MULTI_PICTURE = b"MPF\0"
"""The label of the index of a file of several pictures (CIPA DC-007), such as Ultra HDR's picture and gain map."""
ORIENTATION_TAG = 0x0112
SHORT = 3

AHEAD = "bytes ahead of the picture removed"
EMPTY = "an empty picture ahead of the picture removed"
CUT_AHEAD = "an incomplete picture ahead of the picture removed"
STRAY = "stray bytes between segments removed"
NO_EOI = "missing end of image added"
"""What `Jpeg.repairs` may say."""


class JpegError(FramebusError, ValueError):
    """Why this is no complete JPEG."""


class Jpeg(msgspec.Struct, frozen=True):
    """A complete picture, and what its markers say of it."""

    data: bytes
    """From SOI to EOI; what a camera leaves in its buffer behind that is cut off."""
    width: int
    height: int
    orientation: int
    scan: int
    """Where the SOS marker is."""
    has_huffman_tables: bool
    repairs: tuple[str, ...] = ()
    """What was wrong with the bytes of the camera and was corrected, for people to read."""
    has_more_pictures: bool = False
    """Whether the file says that other pictures follow this one, such as a gain map."""

    @classmethod
    def parse(cls, data: bytes, max_megapixels: float | None = None) -> "Jpeg":
        """Walk the markers of the first picture in the data, and correct what decoders tolerate.

        Args:
            data: Bytes with a JPEG in them.
            max_megapixels: The most pixels allowed, in millions; None for no limit.

        Raises:
            JpegError: The data hold no JPEG, or it has no frame header, is cut off, or is too large.
        """
        start = _begin(data, 0)
        if start < 0:
            raise JpegError(f"{len(data)} bytes that begin with {data[:2].hex() or 'nothing'}, expected ffd8")
        repairs = [AHEAD] if start else []
        first_flaw = ""
        while True:
            data = data[start:] if start else data
            walker = JpegWalker()
            step = walker.walk(data)
            start = _begin(data, _behind_thumbnails(walker)) if step == "cut" else -1
            if start < 0:
                break
            first_flaw = first_flaw or walker.flaw
            repairs.append(CUT_AHEAD if walker.segments else EMPTY)
        if not walker.has_scan:
            raise JpegError(first_flaw or walker.flaw or _unfinished(data, walker))
        header = _Header.read(data, walker)
        header.check_size(max_megapixels)
        if step == "end":
            data = data if walker.at == len(data) else data[: walker.at]
        else:
            data = _with_end(data, walker)
            repairs.append(NO_EOI)
        return header.applied(data, walker, repairs)

    def with_huffman_tables(self) -> "Jpeg":
        """The same picture, the standard Huffman tables put in where a camera left them out, as Motion JPEG allows."""
        if self.has_huffman_tables:
            return self
        return self._with_inserted(self.scan, STANDARD_HUFFMAN_TABLES)

    def with_orientation(self, orientation: int) -> "Jpeg":
        """The same picture with an EXIF orientation, 1 to 8, ahead of any that it has."""
        if orientation == self.orientation:
            return self
        # TIFF 6.0: byte order, magic, offset of the first directory; one entry of one SHORT; no next directory.
        entry = ORIENTATION_TAG.to_bytes(2) + SHORT.to_bytes(2) + (1).to_bytes(4) + orientation.to_bytes(2) + b"\0\0"
        payload = EXIF + b"MM\0\x2a" + (8).to_bytes(4) + (1).to_bytes(2) + entry + (0).to_bytes(4)
        segment = b"\xff\xe1" + (len(payload) + 2).to_bytes(2) + payload
        return self._with_inserted(len(SOI), segment)

    def _with_inserted(self, at: int, segment: bytes) -> "Jpeg":
        return Jpeg.parse(b"".join((self.data[:at], segment, self.data[at:])))


class _Header(msgspec.Struct):
    """What the segments up to the scan say."""

    width: int = 0
    height: int = 0
    orientation: int = 0
    scan: int = 0
    tables: bool = False
    more: bool = False

    @classmethod
    def read(cls, data: bytes, walker: JpegWalker) -> "_Header":
        header = cls()
        for marker, begin, end in walker.segments:
            if marker == SOS:
                header.scan = begin
                break
            header.add(data, marker, begin, end)
        if not header.width or not header.height:
            raise JpegError("no frame header before the scan")
        return header

    def add(self, data: bytes, marker: int, begin: int, end: int) -> None:
        if marker in FRAME_HEADERS:
            if end - begin < 9:
                raise JpegError("a frame header that is too short")
            self.height, self.width = (int.from_bytes(data[begin + at : begin + at + 2]) for at in (5, 7))
        elif marker == DHT:
            self.tables = True
        elif (
            marker == APP1 and not self.orientation and data.startswith(EXIF, begin + 4)
        ):  # readers go by the first one
            self.orientation = _exif_orientation(data[begin + 4 + len(EXIF) : end])
        elif marker == APP2 and data.startswith(MULTI_PICTURE, begin + 4):
            self.more = True

    def check_size(self, max_megapixels: float | None) -> None:
        megapixels = self.width * self.height / 1e6
        if max_megapixels is not None and megapixels > max_megapixels:
            raise JpegError(
                f"{self.width}x{self.height} are {megapixels:.1f} megapixels, allowed: at most {max_megapixels:g} "
                "(max_megapixels of this camera)"
            )

    def applied(self, data: bytes, walker: JpegWalker, repairs: list[str]) -> Jpeg:
        scan = self.scan
        for begin, end in reversed(walker.stray):
            data = data[:begin] + data[end:]
            scan -= end - begin if begin < self.scan else 0
        if walker.stray:
            repairs.append(STRAY)
        said = tuple(dict.fromkeys(repairs))
        return Jpeg(data, self.width, self.height, self.orientation or 1, scan, self.tables, said, self.more)


def _begin(data: bytes, at: int) -> int:
    """Where a picture begins at or behind `at`; -1 for nowhere."""
    begin = data.find(BEGIN, at)
    return 0 if begin < 0 and not at and data.startswith(SOI) else begin


def _behind_thumbnails(walker: JpegWalker) -> int:
    """From where on the next picture may begin: what an application segment or comment holds is none."""
    ends = [end for marker, _, end in walker.segments if marker in APPLICATION or marker == COM]
    return ends[-1] if ends else len(SOI)


def _unfinished(data: bytes, walker: JpegWalker) -> str:
    """What is missing in a picture whose data end before its scan."""
    at = walker.at
    if len(data) >= at + 4 and data[at] == 0xFF:
        length = int.from_bytes(data[at + 2 : at + 4])
        return f"a segment of {length} bytes at byte {at} of {len(data)}"
    return f"cut off after {len(data)} bytes: no scan"


def _with_end(data: bytes, walker: JpegWalker) -> bytes:
    """The picture with the EOI that it lacks. Raises JpegError for one that is cut off within a scan."""
    cut = data[: walker.at] if walker.flaw else data
    bare = cut.rstrip(b"\0")
    if bare.endswith(b"\xff"):  # a stuffed FF keeps its 00; a lone FF is the first half of EOI
        bare = bare + b"\0" if len(bare) < len(cut) else bare[:-1]
    if not is_complete(bare, walker.segments):
        raise JpegError(f"cut off after {len(data)} bytes: no end of image")
    return bare + EOI


def _exif_orientation(tiff: bytes) -> int:
    """The orientation in the first directory; 1 where there is none that makes sense."""
    order = {b"MM": "big", b"II": "little"}.get(tiff[:2])
    if order is None or len(tiff) < 10:
        return 1

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], "big" if order == "big" else "little")

    directory = number(4, 4)
    for entry in range(directory + 2, min(directory + 2 + 12 * number(directory, 2), len(tiff) - 11), 12):
        if number(entry, 2) == ORIENTATION_TAG and number(entry + 2, 2) == SHORT:
            found = number(entry + 8, 2)
            return found if 1 <= found <= 8 else 1
    return 1


def _table(selector: int, counts: str, values: str) -> bytes:
    return bytes([selector]) + bytes.fromhex(counts) + bytes.fromhex(values)


# ITU-T T.81, annex K.3: the typical tables, which Motion JPEG cameras imply when they send none.
_DC_LUMINANCE = _table(0x00, "00010501010101010100000000000000", "000102030405060708090a0b")
_DC_CHROMINANCE = _table(0x01, "00030101010101010101010000000000", "000102030405060708090a0b")
_AC_LUMINANCE = _table(
    0x10,
    "0002010303020403050504040000017d",
    "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a"
    "434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9"
    "aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa",
)
_AC_CHROMINANCE = _table(
    0x11,
    "00020102040403040705040400010277",
    "000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a35363738393a"
    "434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8"
    "a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa",
)
_TABLES = _DC_LUMINANCE + _DC_CHROMINANCE + _AC_LUMINANCE + _AC_CHROMINANCE
STANDARD_HUFFMAN_TABLES = b"\xff\xc4" + (len(_TABLES) + 2).to_bytes(2) + _TABLES
"""420 bytes: one DHT segment with all four tables."""
