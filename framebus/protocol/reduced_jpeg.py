"""A JPEG decoded at reduced scale, with nothing in it of what lies behind the picture's edge. Takes Pillow's images.

An encoder fills the last block with what it likes, and libjpeg scales that as well: libjpeg-turbo issue 297, Pillow
issue 3419. Cameras leave a coloured line there.
"""

from typing import TYPE_CHECKING, cast

import msgspec

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.JpegImagePlugin import JpegImageFile

DIVISORS = (8, 4, 2)
"""Of width and height, as libjpeg scales and Pillow's `draft` uses them."""


class Reduced(msgspec.Struct, frozen=True):
    """A picture that was decoded."""

    image: "Image"
    """Its size is that of the JPEG, divided and rounded up."""
    divisor: int
    """1, 2, 4 or 8."""
    exact_size: tuple[float, float]
    """The same size, not rounded."""


def decode_reduced(opened: "Image", least: tuple[int, int], mode: str | None = None) -> Reduced:
    """Decode a picture at the smallest scale that is large enough.

    Args:
        opened: a JPEG that Pillow has opened and not loaded. It is loaded, and may be the result.
        least: the width and height that the result has at least, where the picture has them.
        mode: "L" for the brightness only, "YCbCr" for the colours as they are coded; None for Pillow's own choice.

    Raises:
        Exception: the JPEG is damaged; Pillow raises exceptions of many types for that.
    """
    jpeg = cast("JpegImageFile", opened)
    width, height = jpeg.size
    divisor = _divisor(jpeg.size, least)
    exact_size = width / divisor, height / divisor
    edge = _Edge.of(jpeg, divisor)
    if edge.leaves_nothing:
        jpeg.draft(mode, jpeg.size)
        jpeg.load()
        return Reduced(jpeg.reduce(divisor), divisor, exact_size)
    jpeg.draft(mode, least)
    jpeg.load()
    edge.paint_over(jpeg)
    return Reduced(jpeg, divisor, exact_size)


def _divisor(size: tuple[int, int], least: tuple[int, int]) -> int:
    """What `draft` divides by."""
    most = min(length // max(1, wanted) for length, wanted in zip(size, least, strict=True))
    return next((divisor for divisor in DIVISORS if divisor <= most), 1)


class _Edge(msgspec.Struct, frozen=True):
    """The pixels at the right and the bottom that reduced scale mixes with those behind the picture."""

    size: tuple[int, int]
    """Of the reduced picture."""
    columns: int
    rows: int

    @classmethod
    def of(cls, jpeg: "JpegImageFile", divisor: int) -> "_Edge":
        """For a JPEG that is not loaded yet; a colour sample may cover several pixels."""
        samples = [(layer[1], layer[2]) for layer in getattr(jpeg, "layer", ())] or [(1, 1)]
        across, down = max(sample[0] for sample in samples), max(sample[1] for sample in samples)
        return cls(
            (-(-jpeg.width // divisor), -(-jpeg.height // divisor)),
            across if divisor > 1 and jpeg.width % (across * divisor) else 0,
            down if divisor > 1 and jpeg.height % (down * divisor) else 0,
        )

    @property
    def leaves_nothing(self) -> bool:
        """Whether no pixel remains to paint over the mixed ones with."""
        return bool(self.columns and self.columns >= self.size[0]) or bool(self.rows and self.rows >= self.size[1])

    def paint_over(self, image: "Image") -> None:
        """Repeat the last column and row that are not mixed."""
        width, height = image.size
        for left in range(width - self.columns, width):
            image.paste(image.crop((width - self.columns - 1, 0, width - self.columns, height)), (left, 0))
        for top in range(height - self.rows, height):
            image.paste(image.crop((0, height - self.rows - 1, width, height - self.rows)), (0, top))
