"""Converts PNG, WebP and other pictures to JPEG, for picture files and cameras that answer requests with stills.

This needs Pillow, and no PyAV. A picture is measured before it is decoded.
"""

from io import BytesIO
from typing import TYPE_CHECKING

from capture.media import reasons
from capture.source import SourceError
from framebus.publishing.jpeg import Jpeg, JpegError

if TYPE_CHECKING:
    from PIL import Image

HEAD_BYTES = 12
"""So many bytes tell what a picture is."""
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
"""Pillow would also read EPS, for which it runs Ghostscript."""


def is_picture(head: bytes | bytearray) -> bool:
    """Whether these first bytes begin a picture of another kind than JPEG: PNG, GIF, WebP, BMP or TIFF."""
    if head.startswith((b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")):
        return True
    is_webp = head.startswith(b"RIFF") and head[8:12] == b"WEBP"
    return is_webp or (head.startswith(b"BM") and head[6:10] == bytes(4))


class PictureDecoder:
    """Makes JPEGs of one camera's pictures."""

    def __init__(self, name: str, quality: int, max_megapixels: float | None) -> None:
        """`name` is for errors; `quality` is from 1 to 100; larger pictures than `max_megapixels` are refused."""
        self._name = name
        self._quality = quality
        self._max_megapixels = max_megapixels
        self._last = b"", b""
        """The last picture that was decoded, and its JPEG: the same one may come again and again."""

    def jpeg(self, data: bytes) -> bytes | None:
        """The picture as JPEG, or None if it is damaged. Raises SourceError for one that is too large."""
        try:
            return Jpeg.parse(data, self._max_megapixels).data
        except JpegError as error:
            if "megapixels" in str(error):
                raise SourceError(f"{self._name}: {error}") from None
        if data != self._last[0]:
            made = self._encoded(data)
            if made is None:
                return None
            self._last = data, made
        return self._last[1]

    def _encoded(self, data: bytes) -> bytes | None:
        from PIL import Image  # a JPEG needs none of it

        try:
            with Image.open(BytesIO(data), formats=FORMATS) as image:
                if image.format == "JPEG":  # it is no complete one
                    return None
                megapixels = image.width * image.height / 1e6
                if self._max_megapixels is not None and megapixels > self._max_megapixels:
                    raise SourceError(reasons.too_many_pixels(self._name, image.size, self._max_megapixels))
                made = BytesIO()
                _upright(image).convert("RGB").save(made, "JPEG", quality=self._quality)
                return made.getvalue()
        except SourceError:
            raise
        except Exception:  # Pillow raises errors of many types for damaged pictures
            return None


def _upright(image: "Image.Image") -> "Image.Image":
    """The picture turned as its EXIF says; as it is where the EXIF is damaged."""
    from PIL import ImageOps

    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # SyntaxError, TypeError, struct.error and others
        return image
