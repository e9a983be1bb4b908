"""The picture that motion is looked for in: grey, about 160 pixels long, decoded from the JPEG at reduced scale."""

import numpy as np
from PIL import Image

from framebus.protocol.frame import Frame
from framebus.protocol.pixels import Scale
from recorder.motion.arrays import Grey

LENGTH = 160
"""Pixels of the longer side: what 1280x720 has at 1/8."""
SHORTEST, LONGEST = 120, 200
"""Of the longer side of a picture that is taken as the decoder gives it."""
LEAST = 16
"""Of each side: a picture of a few rows is stretched."""
SCALES: tuple[Scale, ...] = (8, 4, 2)


def small_picture(frame: Frame) -> Grey:
    """Decode a frame.

    Raises:
        DecodeError: The JPEG is damaged.
    """
    length = max(frame.width, frame.height)
    scale: Scale = next((scale for scale in SCALES if length >= scale * SHORTEST), 1)
    picture = frame.decode(scale, grey=True)
    if max(picture.shape) > LONGEST:
        height, width = (max(2, round(side * LENGTH / max(picture.shape))) for side in picture.shape)
        picture = _resized(picture, height, width)
    if min(picture.shape) < LEAST:
        picture = _resized(picture, max(LEAST, picture.shape[0]), max(LEAST, picture.shape[1]))
    return picture


def _resized(picture: Grey, height: int, width: int) -> Grey:
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BOX))
