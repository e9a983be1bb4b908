"""What the stand-in's cameras see: four coloured quarters, and in the middle a block that tells the frame's number.

The top left quarter is red, the top right green, the bottom left blue, the bottom right white, as the sensor sees them.
"""

from ._streams import FrameBuffer, StreamConfiguration
from ._values import Orientation

RED, GREEN, BLUE, WHITE = (76, 85, 255), (150, 44, 21), (29, 255, 107), (255, 128, 128)
"""Y, Cb and Cr of full range, as in JFIF."""
BLOCK = 32
"""Pixels of each side of the block."""
LEVELS = 28
LEVEL_STEP = 8

Quarters = tuple[tuple[int, int, int], ...]


def level(number: int) -> int:
    """How bright the block is in the frame of this number."""
    return 16 + number % LEVELS * LEVEL_STEP


def draw(buffer: FrameBuffer, stream: StreamConfiguration, orientation: Orientation, number: int, lift: int) -> None:
    """Fill the buffer with the frame of this number, made brighter by `lift` levels."""
    if str(stream.pixel_format) != "YUV420":
        return
    scene = (orientation, lift)
    if buffer.drawn != scene:
        buffer.memory[:] = _quarters(stream, _seen(orientation), lift)
        buffer.drawn = scene
    left, top = (stream.size.width - BLOCK) // 2, (stream.size.height - BLOCK) // 2
    line = bytes([level(number)]) * BLOCK
    for y in range(top, top + BLOCK):
        at = y * stream.stride + left
        buffer.memory[at : at + BLOCK] = line


def _seen(orientation: Orientation) -> Quarters:
    quarters = [RED, GREEN, BLUE, WHITE]
    if orientation in (Orientation.Rotate0Mirror, Orientation.Rotate180):
        quarters = [quarters[index] for index in (1, 0, 3, 2)]
    if orientation in (Orientation.Rotate180Mirror, Orientation.Rotate180):
        quarters = [quarters[index] for index in (2, 3, 0, 1)]
    return tuple(quarters)


def _quarters(stream: StreamConfiguration, quarters: Quarters, lift: int) -> bytes:
    width, height, stride = stream.size.width, stream.size.height, stream.stride
    planes = []
    for plane, halved in ((0, 1), (1, 2), (2, 2)):
        across, padded, down = width // halved, stride // halved, height // halved
        values = [min(quarter[plane] + (lift if plane == 0 else 0), 255) for quarter in quarters]
        for left, right in (values[:2], values[2:]):
            half = bytes([left]) * (across // 2) + bytes([right]) * (across - across // 2)
            planes.append((half + bytes(padded - across)) * (down // 2))
        planes.append(bytes(padded) * (down - 2 * (down // 2)))
    return b"".join(planes)
