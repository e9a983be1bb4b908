"""A frame made smaller: from the pixels of its source, else from its JPEG, decoded at reduced scale.

The functions are slow: they run in the thread of framebus.publishing.rendition_thread. Imports Pillow.
"""

import io
from collections.abc import Collection

import msgspec
from PIL import Image

from framebus.protocol.reduced_jpeg import decode_reduced
from framebus.protocol.renditions import DIVISORS, Rendition, rendition_size
from framebus.protocol.wire import pack
from framebus.publishing.frame_builder import Published
from framebus.publishing.jpeg import Jpeg
from framebus.runtime.host_clock import host_monotonic
from framebus.runtime.save_jpeg import save_jpeg

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
    size = -(-picture.width // divisor), -(-picture.height // divisor)
    least = max(1, picture.width // divisor), max(1, picture.height // divisor)
    image = decode_reduced(picture, least, _mode(picture)).image
    return _with_profile(image if image.size == size else image.resize(size, Image.Resampling.BOX))


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
    if image.mode not in ("L", "RGB", "YCbCr"):
        image = image.convert("RGB")
    profile = image.info.get("icc_profile")
    jpeg = save_jpeg(image, quality=quality, subsampling=SUBSAMPLING, icc_profile=profile)
    orientation = frame.header.orientation
    if orientation != 1:
        jpeg = Jpeg.parse(jpeg).with_orientation(orientation).data
    header = msgspec.structs.replace(
        frame.header, width=image.width, height=image.height, published=round(host_monotonic(), 6)
    )
    return Published(header, pack(rendition, header.camera, header, jpeg), rendition)
