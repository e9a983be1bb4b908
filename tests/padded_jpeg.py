"""JPEGs of one grey whose last blocks hold another colour behind the picture's edge, as those of some cameras do."""

import io

from PIL import Image

GREY = 120
BLOCKS = {"4:2:0": (16, 16), "4:2:2": (16, 8), "4:4:4": (8, 8)}
"""Pixels across and down that are coded together, by the subsampling."""
SUBSAMPLINGS = tuple(BLOCKS)


def padded(size: tuple[int, int], subsampling: str = "4:2:0", padding: tuple[int, int, int] = (0, 200, 0)) -> bytes:
    """A grey JPEG of this size with `padding` behind its edge."""
    across, down = BLOCKS[subsampling]
    image = Image.new("RGB", (-(-size[0] // across) * across, -(-size[1] // down) * down), padding)
    image.paste((GREY, GREY, GREY), (0, 0, *size))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=95, subsampling=subsampling)
    picture = bytearray(file.getvalue())
    at = picture.index(b"\xff\xc0")  # the size that is written there is the picture's
    picture[at + 5 : at + 9] = size[1].to_bytes(2) + size[0].to_bytes(2)
    return bytes(picture)


def green(image: Image.Image) -> tuple[int, int]:
    """The least and the most green of a picture."""
    values = image.convert("RGB").getchannel(1).tobytes()
    return min(values), max(values)
