"""JPEG by its markers: is this a whole picture, how large, which way up. Nothing is decoded (ITU-T T.81, annex B)."""

from dataclasses import dataclass

from framebus.errors import FramebusError
from framebus.protocol.jpeg import EOI, SOI

SOS = 0xDA
DHT = 0xC4
APP1 = 0xE1
FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {DHT, 0xC8, 0xCC}
"""SOF0 to SOF15, without DHT, JPG and DAC, which lie among them."""
STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""TEM and RST0 to RST7: markers without a length."""

EXIF = b"Exif\0\0"
ORIENTATION_TAG = 0x0112
SHORT = 3


class JpegError(FramebusError, ValueError):
    """Why this is no whole JPEG."""


@dataclass(frozen=True, slots=True)
class Jpeg:
    """A whole picture, and what its markers say of it."""

    data: bytes
    """From SOI to EOI; what a camera leaves in its buffer behind that is cut off."""
    width: int
    height: int
    orientation: int
    scan: int
    """Where the SOS marker is."""
    has_huffman_tables: bool

    @classmethod
    def parse(cls, data: bytes) -> "Jpeg":
        """Walk the markers up to the scan, then look for the end.

        Raises JpegError for what is no JPEG, has no frame header, or stops before EOI.
        """
        if not data.startswith(SOI):
            raise JpegError(f"{len(data)} bytes that begin with {data[:2].hex() or 'nothing'}, expected ffd8")
        width = height = 0
        orientation = 0
        tables = False
        at = 2
        while True:
            at, marker, end = _segment(data, at)
            if marker in FRAME_HEADERS:
                if end - at < 9:
                    raise JpegError("a frame header that is too short")
                height, width = int.from_bytes(data[at + 5 : at + 7]), int.from_bytes(data[at + 7 : at + 9])
            elif marker == DHT:
                tables = True
            elif marker == APP1 and not orientation and data.startswith(EXIF, at + 4):  # readers go by the first one
                orientation = _exif_orientation(data[at + 4 + len(EXIF) : end])
            elif marker == SOS:
                break
            at = end
        if not width or not height:
            raise JpegError("no frame header before the scan")
        closing = data.rfind(
            EOI, end
        )  # within a scan every FF is followed by 00 or a restart marker: the last one is it
        if closing < 0:
            raise JpegError(f"cut off after {len(data)} bytes: no end of image")
        whole = data if closing + 2 == len(data) else data[: closing + 2]
        return cls(whole, width, height, orientation or 1, at, tables)

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


def _segment(data: bytes, at: int) -> tuple[int, int, int]:
    """Where the marker segment at or after `at` begins, its marker, and where it ends."""
    while True:
        if len(data) < at + 4:
            raise JpegError(f"cut off after {len(data)} bytes: no scan")
        if data[at] != 0xFF:
            raise JpegError(f"no marker at byte {at}, found {data[at]:02x}")
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker in STANDALONE:
            at += 2
        elif marker == 0xD9:
            raise JpegError(f"end of image at byte {at}, before any scan")
        else:
            break
    length = int.from_bytes(data[at + 2 : at + 4])
    if length < 2 or at + 2 + length > len(data):
        raise JpegError(f"a segment of {length} bytes at byte {at} of {len(data)}")
    return at, marker, at + 2 + length


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
