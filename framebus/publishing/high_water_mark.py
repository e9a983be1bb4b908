"""How many messages wait for a subscriber that does not take them. Pure.

A subscriber of framebus takes each message at once, in a thread of libzmq, however slow its program is. While its
process gets no CPU time, it does not: then the messages wait here, and what is beyond this number is lost for it.
"""

from framebus.config.size import Size

STALL_SECONDS = 0.5
"""With the two messages of earlier versions, a reader with a queue lost 3 of 18 000 frames on a loaded machine."""
NOTICED = 2
"""libzmq notices that messages were taken only after half of this number of them (pipe_t::compute_lwm of 4.3.5)."""
FEWEST = 2
"""The newest frame, and one still being sent."""
MAX_BYTES = 5_000_000
"""For each such subscriber: a Pi Zero 2 W has 512 MB."""
BYTES_PER_PIXEL = 0.2
"""Of a JPEG of quality 80, about: 162 KB at 1280x720."""


def high_water_mark(size: Size, fps: float) -> int:
    """Room for the frames of STALL_SECONDS, as far as they fit into MAX_BYTES, and FEWEST at least.

    Args:
        size: of the camera's frames, as configured.
        fps: the most that the camera is asked for.
    """
    frame_bytes = size.width * size.height * BYTES_PER_PIXEL
    return max(FEWEST, int(min(NOTICED * STALL_SECONDS * fps, MAX_BYTES / frame_bytes)))
