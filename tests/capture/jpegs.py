"""Real JPEGs for tests, made by Pillow, and taken apart by a walk over their markers that is not the one under test."""

import io
from dataclasses import dataclass
from typing import Any, Literal

from PIL import Image, ImageDraw

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
DHT, SOS, APP1, SOF0 = 0xC4, 0xDA, 0xE1, 0xC0
ORIENTATION = 0x0112


@dataclass(frozen=True)
class Segment:
    """A marker with what belongs to it; a scan is a part of its SOS."""

    marker: int
    data: bytes

    @property
    def payload(self) -> bytes:
        """Behind the marker and the length."""
        return self.data[4:]


def jpeg(size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    """A complete picture with colours and edges in it; `options` are those of Pillow's JPEG writer."""
    picture = Image.linear_gradient("L").resize(size).convert("RGB")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((size[0] // 8, size[1] // 8, size[0] // 2, size[1] // 2), "red")
    draw.line((0, size[1], size[0], 0), "blue", 3)
    output = io.BytesIO()
    picture.save(output, "JPEG", **options)
    return output.getvalue()


def exif(orientation: int, order: Literal["big", "little"] = "big", behind: bytes = b"") -> bytes:
    """An APP1 segment with this orientation, as Pillow writes it; `behind` stands for a thumbnail."""
    made = Image.Exif()
    made.endian = ">" if order == "big" else "<"
    made[ORIENTATION] = orientation
    return segment(APP1, made.tobytes() + behind)


def segment(marker: int, payload: bytes) -> bytes:
    """A marker segment."""
    return bytes([0xFF, marker]) + (len(payload) + 2).to_bytes(2) + payload


def after_soi(picture: bytes, *inserted: bytes) -> bytes:
    """The same picture with something at its very beginning."""
    return SOI + b"".join(inserted) + picture[2:]


def segments(picture: bytes) -> list[Segment]:
    """All segments of a baseline picture, from behind SOI up to EOI."""
    found: list[Segment] = []
    at = 2
    while True:
        end = at + 2 + int.from_bytes(picture[at + 2 : at + 4])
        if picture[at + 1] == SOS:
            return [*found, Segment(SOS, picture[at:-2])]
        found.append(Segment(picture[at + 1], picture[at:end]))
        at = end


def without(picture: bytes, marker: int) -> bytes:
    """The same picture without its segments of one marker."""
    return SOI + b"".join(part.data for part in segments(picture) if part.marker != marker) + EOI


def huffman_tables(picture: bytes) -> dict[int, bytes]:
    """Every table of a picture by its class and number (ITU-T T.81, B.2.4.2)."""
    tables = {}
    rest = b"".join(part.payload for part in segments(picture) if part.marker == DHT)
    while rest:
        length = 17 + sum(rest[1:17])
        tables[rest[0]], rest = rest[1:length], rest[length:]
    return tables


def opened(picture: bytes) -> Image.Image:
    """The picture as Pillow reads it, every pixel decoded."""
    image = Image.open(io.BytesIO(picture))
    image.load()
    return image
