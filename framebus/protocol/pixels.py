"""A JPEG decoded, at full size or less, with Pillow and numpy where these are installed."""

import io
import sys
from typing import TYPE_CHECKING, Literal, get_args

from framebus.errors import ArgumentError, DecodeError, MissingPackageError
from framebus.protocol.fast_grey import fast_grey
from framebus.protocol.reduced_jpeg import DIVISORS, decode_reduced

if TYPE_CHECKING:
    import numpy
    import numpy.typing
    import PIL.Image

Scale = Literal[1, 2, 4, 8]
"""What libjpeg divides width and height by while it decodes."""


def image(jpeg: bytes, name: str, scale: Scale, *, grey: bool) -> "PIL.Image.Image":
    """Decode a picture; `name` is what an error calls it. Raises what Frame.decode does."""
    if scale not in get_args(Scale) or isinstance(scale, bool):
        raise ArgumentError(f"scale {scale!r}: allowed are 1, 2, 4 and 8")
    try:
        import PIL.Image as pillow
    except ImportError:
        raise MissingPackageError(_missing("Pillow", "pillow", "python3-pil")) from None
    mode = "L" if grey else "RGB"
    try:
        with io.BytesIO(jpeg) as file, pillow.open(file, formats=["JPEG"]) as opened:
            opened.decodermaxblock = len(jpeg)  # not in pieces of 64 KB, each of which is copied
            size = tuple(-(-length // scale) for length in opened.size)
            least = max(1, opened.width // scale), max(1, opened.height // scale)
            decoded = decode_reduced(opened, least, mode).image.convert(mode)  # a copy, unless it has that mode already
            return decoded if decoded.size == size else decoded.resize((size[0], size[1]))
    except MemoryError:
        raise
    except Exception as error:  # Pillow raises exceptions of many types for damaged pictures
        raise DecodeError(f"{name} cannot be decoded: {error}") from None


def array(jpeg: bytes, name: str, scale: Scale, *, grey: bool) -> "numpy.typing.NDArray[numpy.uint8]":
    """Decode a picture into an array; `name` is what an error calls it. Raises what Frame.decode does."""
    try:
        import numpy
    except ImportError:
        raise MissingPackageError(_missing("numpy", "framebus[numpy]", "python3-numpy")) from None
    if grey and scale in DIVISORS and (fast := fast_grey(jpeg, scale)) is not None:
        return fast
    decoded = image(jpeg, name, scale, grey=grey)
    shape = (decoded.height, decoded.width) if grey else (decoded.height, decoded.width, 3)
    packed = decoded.tobytes("raw", "L" if grey else "BGR")
    return numpy.frombuffer(packed, numpy.uint8).reshape(shape).copy()  # a copy may be drawn into


def _missing(package: str, requirement: str, debian: str) -> str:
    return (
        f"decoding a frame needs {package}, which is not installed; "
        f"run: {sys.executable} -m pip install '{requirement}', or on Debian: sudo apt install {debian}"
    )
