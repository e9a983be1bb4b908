"""An array of pixels made a JPEG, by simplejpeg where that is installed, else by Pillow."""

import io
import sys
from typing import TYPE_CHECKING

from framebus.errors import MissingPackageError, PictureError
from framebus.protocol.fast_grey import simplejpeg_or_none

if TYPE_CHECKING:
    import numpy
    import numpy.typing

MAX_PIXELS = 65535
"""The largest width and height of a JPEG (ITU-T T.81, B.2.2)."""
ALLOWED = (
    "the bytes of a JPEG, or an array of uint8 of the shape (height, width, 3), blue first, or (height, width), "
    f"of 1 to {MAX_PIXELS} pixels a side"
)


def encode(picture: "numpy.typing.NDArray[numpy.uint8]", quality: int) -> bytes:
    """Encode an array as 4:2:0. Raises PictureError and MissingPackageError."""
    shape = getattr(picture, "shape", None)
    if shape is None or not hasattr(picture, "dtype"):
        raise PictureError(f"picture of type {type(picture).__name__}; allowed: {ALLOWED}")
    fits = len(shape) == 2 or (len(shape) == 3 and shape[2] == 3)
    if not fits or str(picture.dtype) != "uint8" or not all(1 <= length <= MAX_PIXELS for length in shape[:2]):
        raise PictureError(f"picture of {picture.dtype} of the shape {tuple(shape)}; allowed: {ALLOWED}")
    if not picture.flags.c_contiguous:
        picture = picture.copy(order="C")
    fast = simplejpeg_or_none()
    if fast is not None:
        if len(shape) == 2:
            picture = picture[:, :, None]
        colours = "GRAY" if len(shape) == 2 else "BGR"
        subsampling = "Gray" if len(shape) == 2 else "420"
        jpeg: bytes = fast.encode_jpeg(picture, quality=quality, colorspace=colours, colorsubsampling=subsampling)
        return jpeg
    return _by_pillow(picture, quality)


def _by_pillow(picture: "numpy.typing.NDArray[numpy.uint8]", quality: int) -> bytes:
    try:
        import PIL.Image as pillow
    except ImportError:
        raise MissingPackageError(
            "publishing an array needs Pillow, which is not installed; "
            f"run: {sys.executable} -m pip install 'pillow', or on Debian: sudo apt install python3-pil"
        ) from None
    height, width = picture.shape[:2]
    mode, packed = ("L", "L") if picture.ndim == 2 else ("RGB", "BGR")
    with io.BytesIO() as file:
        pillow.frombuffer(mode, (width, height), picture.tobytes(), "raw", packed, 0, 1).save(
            file, "JPEG", quality=quality, subsampling="4:2:0"
        )
        return file.getvalue()
