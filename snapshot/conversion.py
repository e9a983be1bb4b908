"""Make a smaller, more compressed or upright picture of a frame.

The functions are pure and slow: they run in threads. Pillow releases the GIL while it decodes, and while it encodes as
save_jpeg does.
"""

import io
from typing import TYPE_CHECKING

import msgspec

from framebus.protocol.reduced_jpeg import decode_reduced
from framebus.protocol.stills import SnapshotRequest
from framebus.runtime.save_jpeg import save_jpeg
from snapshot.errors import StillError
from snapshot.still import Still

if TYPE_CHECKING:
    from PIL import Image

DEFAULT_QUALITY = 85
"""JPEG quality of a converted picture when the request names none."""
MEGAPIXEL = 1_000_000
"""Pixels."""
ORIENTATION_TAG = 0x0112
REDUCING_GAP = 2.0
"""The picture is decoded at a scale that leaves so many times the size that is wanted, and then resized."""


class Conversion(msgspec.Struct, frozen=True):
    """What to make of a picture. Equal conversions have equal results."""

    camera: str
    epoch: str
    seq: int
    full: bool
    width: int | None
    height: int | None
    quality: int | None
    upright: bool

    @classmethod
    def of(cls, still: Still, request: SnapshotRequest, *, full: bool = False) -> "Conversion | None":
        """Return what a request makes of a frame; None where that is the unchanged frame."""
        header = still.header
        upright = request.orientation == "upright" and header.orientation != 1
        # The size of the result: turning by 90 degrees swaps width and height.
        across, down = (
            (header.width, header.height)
            if header.orientation < 5 or not upright
            else (
                header.height,
                header.width,
            )
        )
        width = request.width if request.width is not None and request.width < across else None
        height = request.height if request.height is not None and request.height < down else None
        if not upright and width is None and height is None and request.quality is None:
            return None
        return cls(header.camera, header.epoch, header.seq, full, width, height, request.quality, upright)


def pixels(jpeg: bytes) -> int:
    """Read how many pixels a JPEG claims to have, without decoding it.

    Raises:
        Exception: the JPEG is damaged; Pillow raises exceptions of many types for that.
    """
    width, height = _opened(jpeg).size
    return width * height


def convert(still: Still, wanted: Conversion, max_megapixels: float) -> Still:
    """Convert a picture.

    Args:
        still: the picture to convert.
        wanted: what to make of it.
        max_megapixels: a picture that claims more is refused before it is decoded.

    Raises:
        StillError: the picture has more than `max_megapixels`.
        Exception: the JPEG is damaged; Pillow raises exceptions of many types for that.
    """
    from PIL import Image  # imported late: requests for unchanged frames do not need Pillow, which takes 10 MB

    picture = _opened(still.jpeg)
    check_size(picture.size, wanted.camera, max_megapixels)
    if wanted.width or wanted.height:
        size = _size(picture.size, wanted, turned=wanted.upright and still.header.orientation >= 5)
        reduced = decode_reduced(picture, (int(size[0] * REDUCING_GAP), int(size[1] * REDUCING_GAP)))
        box = (0, 0, *reduced.exact_size)
        picture = reduced.image.resize(size, Image.Resampling.BILINEAR, box, REDUCING_GAP)
    picture.load()  # save would copy the pixels of a picture that is not loaded
    orientation = still.header.orientation
    exif = Image.Exif()
    if wanted.upright:
        picture = picture.transpose(_turns()[orientation])
        orientation = 1
    elif orientation != 1:
        exif[ORIENTATION_TAG] = orientation
    if picture.mode not in ("L", "RGB"):
        picture = picture.convert("RGB")
    jpeg = save_jpeg(picture, quality=wanted.quality or DEFAULT_QUALITY, exif=exif)
    header = msgspec.structs.replace(still.header, width=picture.width, height=picture.height, orientation=orientation)
    return Still(header, jpeg)


def check_size(size: tuple[int, int], camera: str, max_megapixels: float) -> None:
    """Raise StillError for a picture with more pixels than `max_megapixels` of its camera allows."""
    width, height = size
    if width * height > max_megapixels * MEGAPIXEL:
        raise StillError(
            "too-large",
            f"a picture of camera {camera} has {width}x{height} pixels; "
            f"allowed: at most {max_megapixels:g} megapixels (max_megapixels)",
        )


def _opened(jpeg: bytes) -> "Image.Image":
    """The picture with its headers read and its pixels not yet decoded."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # check_size applies the limit of the camera, which may be higher
    return Image.open(io.BytesIO(jpeg), formats=("JPEG",))


def _size(size: tuple[int, int], wanted: Conversion, *, turned: bool) -> tuple[int, int]:
    """The size of the stored pixels in the result: it keeps the aspect, and fits in what is wanted."""
    across, down = size
    width, height = (wanted.height, wanted.width) if turned else (wanted.width, wanted.height)
    width, height = min(width or across, across), min(height or down, down)
    if width * down <= height * across:
        return width, max(1, round(width * down / across))
    return max(1, round(height * across / down)), height


def _turns() -> "dict[int, Image.Transpose]":
    """How to turn the pixels for each EXIF orientation (TIFF 6.0)."""
    from PIL.Image import Transpose

    return {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
