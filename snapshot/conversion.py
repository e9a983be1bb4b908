"""Smaller, coarser and upright pictures. Pure, and slow: called in threads, outside which Pillow lets others run."""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from framebus.protocol.stills import SnapshotRequest
from snapshot.still import Still

if TYPE_CHECKING:
    from PIL import Image

DEFAULT_QUALITY = 85
"""Of a picture that is encoded anew, where the request does not say."""
ORIENTATION_TAG = 0x0112
MAX_ASIDE = 1 << 16
"""More than any JPEG has: no bound in this direction (ITU-T T.81 counts lines and samples in 16 bits)."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """One picture to be made of another; equal where the results are."""

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
        """What a request makes of a frame; None where that is the frame as it is."""
        header = still.header
        upright = request.orientation == "upright" and header.orientation != 1
        # As the picture will be: lying on its side, its width is what was its height.
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


def convert(still: Still, wanted: Conversion) -> Still:
    """The picture as it is wanted. Raises ValueError or OSError for a JPEG that Pillow cannot read."""
    from PIL import Image  # only here: who asks for frames as they are needs no Pillow, 10 MB of memory

    picture: Image.Image = Image.open(io.BytesIO(still.jpeg))
    box = (wanted.width or MAX_ASIDE, wanted.height or MAX_ASIDE)
    turned = wanted.upright and still.header.orientation >= 5
    if wanted.width or wanted.height:
        # JPEG is decoded at a half, a quarter or an eighth where that is enough (draft), and then made smaller.
        picture.thumbnail(box[::-1] if turned else box, Image.Resampling.BILINEAR, reducing_gap=2.0)
    orientation = still.header.orientation
    exif = Image.Exif()
    if wanted.upright:
        picture = picture.transpose(_turns()[orientation])
        orientation = 1
    elif orientation != 1:
        exif[ORIENTATION_TAG] = orientation
    jpeg = io.BytesIO()
    if picture.mode not in ("L", "RGB"):
        picture = picture.convert("RGB")
    picture.save(jpeg, "JPEG", quality=wanted.quality or DEFAULT_QUALITY, exif=exif)
    header = msgspec.structs.replace(still.header, width=picture.width, height=picture.height, orientation=orientation)
    return Still(header, jpeg.getvalue())


def _turns() -> "dict[int, Image.Transpose]":
    """How to turn the pixels for each orientation (TIFF 6.0)."""
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
