"""A frame made smaller: from the pixels of its source, else from its JPEG, decoded at reduced scale.

The functions are slow: they run in the thread of framebus.publishing.rendition_thread. Imports Pillow.
"""

import io
import os
from collections.abc import Collection
from dataclasses import dataclass

import msgspec
from PIL import Image

from framebus.protocol.renditions import DIVISORS, Rendition, rendition_size
from framebus.protocol.wire import pack
from framebus.publishing.frame_builder import Published
from framebus.publishing.jpeg import Jpeg
from framebus.runtime.host_clock import host_monotonic

SUBSAMPLING = "4:2:0"
"""As Motion JPEG cameras and browsers are used to it."""
RGB_IDS = (82, 71, 66)
"""The component ids "R", "G" and "B": by them libjpeg knows a JPEG that is not YCbCr."""
ADOBE_RGB = 0
"""The transform in an Adobe segment that says the same."""

MAX_PROFILE_BYTES = 1024
"""A larger colour profile is left out. Display P3 takes 548 bytes; sRGB takes 3144, and viewers assume it anyway."""

Image.MAX_IMAGE_PIXELS = None  # max_megapixels of the camera is the limit, and was applied


def encode(frame: Published, renditions: Collection[Rendition], quality: int) -> dict[Rendition, Published]:
    """Make renditions of a frame; the pixels are decoded once for all of them.

    Args:
        frame: a live frame.
        renditions: which ones.
        quality: of their JPEGs, 1 to 100.

    Returns:
        The frames, each with the number, the times and the orientation of the one that it was made from.

    Raises:
        Exception: the JPEG cannot be decoded; Pillow raises exceptions of many types for that.
    """
    made: dict[Rendition, Published] = {}
    image: Image.Image | None = None
    divided = 1
    for rendition in sorted(renditions, key=lambda each: DIVISORS[each]):
        divisor = DIVISORS[rendition]
        size = rendition_size(frame.header.width, frame.header.height, rendition)
        if image is None:
            image = frame.scaled(divisor) if frame.scaled is not None else decode(frame.jpeg, divisor)
        else:
            image = image.reduce(divisor // divided)
        divided = divisor
        if image.size != size:
            image = image.resize(size, Image.Resampling.BOX)
        made[rendition] = _published(frame, rendition, image, quality)
    return made


def decode(jpeg: bytes, divisor: int) -> Image.Image:
    """Decode a JPEG at a fraction of its size, which costs less than to decode all of it.

    Args:
        jpeg: a complete JPEG.
        divisor: of width and height, 2 or 4.
    """
    picture = Image.open(io.BytesIO(jpeg), formats=("JPEG",))
    padding = _Padding.of(picture, divisor)
    if padding.leaves_nothing:
        picture.draft(_mode(picture), picture.size)
        picture.load()
        return _with_profile(picture.reduce(divisor))
    size = max(1, picture.width // divisor), max(1, picture.height // divisor)
    picture.draft(_mode(picture), size)
    picture.load()
    padding.paint_over(picture)
    return _with_profile(picture)


@dataclass(frozen=True, slots=True)
class _Padding:
    """The pixels at the right and the bottom that reduced scale mixes with those behind the picture.

    An encoder fills the last block with what it likes, and libjpeg scales that as well: libjpeg-turbo issue 297, Pillow
    issue 3419. Cameras leave a coloured line there.
    """

    size: tuple[int, int]
    """Of the reduced picture."""
    columns: int
    rows: int

    @classmethod
    def of(cls, picture: Image.Image, divisor: int) -> "_Padding":
        """For a JPEG that is not loaded yet; a colour sample may cover several pixels."""
        samples = [(layer[1], layer[2]) for layer in getattr(picture, "layer", ())] or [(1, 1)]
        across, down = max(sample[0] for sample in samples), max(sample[1] for sample in samples)
        return cls(
            (-(-picture.width // divisor), -(-picture.height // divisor)),
            across if picture.width % (across * divisor) else 0,
            down if picture.height % (down * divisor) else 0,
        )

    @property
    def leaves_nothing(self) -> bool:
        """Whether no pixel remains to paint over the mixed ones with."""
        return bool(self.columns and self.columns >= self.size[0]) or bool(self.rows and self.rows >= self.size[1])

    def paint_over(self, picture: Image.Image) -> None:
        """Repeat the last column and row that are not mixed."""
        width, height = picture.size
        for left in range(width - self.columns, width):
            picture.paste(picture.crop((width - self.columns - 1, 0, width - self.columns, height)), (left, 0))
        for top in range(height - self.rows, height):
            picture.paste(picture.crop((0, height - self.rows - 1, width, height - self.rows)), (0, top))


def _mode(picture: Image.Image) -> str:
    """YCbCr where the JPEG is, as to RGB and back would take time."""
    return "RGB" if _is_rgb(picture) else "YCbCr"


def _with_profile(picture: Image.Image) -> Image.Image:
    """The picture with its colour profile and nothing else, such as a comment."""
    profile = picture.info.get("icc_profile") or b""
    picture.info = {"icc_profile": profile} if len(profile) <= MAX_PROFILE_BYTES else {}
    return picture


def _is_rgb(picture: Image.Image) -> bool:
    ids = tuple(layer[0] for layer in getattr(picture, "layer", ()))
    return picture.info.get("adobe_transform") == ADOBE_RGB or ids == RGB_IDS


def _published(frame: Published, rendition: Rendition, image: Image.Image, quality: int) -> Published:
    jpeg = _jpeg(image, quality)
    orientation = frame.header.orientation
    if orientation != 1:
        jpeg = Jpeg.parse(jpeg).with_orientation(orientation).data
    header = msgspec.structs.replace(
        frame.header, width=image.width, height=image.height, published=round(host_monotonic(), 6)
    )
    return Published(header, pack(rendition, header.camera, header, jpeg), rendition)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    """Encode into memory that has a descriptor: into any other file, Pillow encodes without releasing the GIL.

    Measured with 2560x1440: another thread waits 11 ms for its turn while this one encodes into a BytesIO, 0 ms so.
    """
    if image.mode not in ("L", "RGB", "YCbCr"):
        image = image.convert("RGB")
    with open(os.memfd_create("rendition", os.MFD_CLOEXEC), "wb") as file:
        profile = image.info.get("icc_profile")
        image.save(file, "JPEG", quality=quality, subsampling=SUBSAMPLING, icc_profile=profile)
        file.flush()
        return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0)
