"""Shared parts of video decoding: the pixel limit, damaged pictures, and the delay of B frames.

This module needs the extra `av`.
"""

from collections import Counter, deque
from collections.abc import Callable

from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from capture.media import reasons
from capture.source import SourceError

MAX_WAITING = 64
"""Pictures in the decoder of which the arrival is remembered: more than any order of B frames holds back."""
PROBED_MEGAPIXELS = 64
"""What FFmpeg may decode to detect the contents of a stream: with less, it does not tell the size of a larger one."""
JUDGED_PICTURES = 25
"""So many pictures tell for how long each is held back on average."""
B_FRAMES = "B frames"


class PixelLimit:
    """The most pixels that are decoded of one camera."""

    def __init__(self, name: str, max_megapixels: float | None) -> None:
        """`name` is for the error; None is no limit."""
        self._name = name
        self._max_megapixels = max_megapixels

    @property
    def options(self) -> dict[str, str]:
        """For FFmpeg's decoder, which then refuses a larger picture before it takes memory for it."""
        return {} if self._max_megapixels is None else {"max_pixels": str(int(self._max_megapixels * 1e6))}

    @property
    def probe_options(self) -> dict[str, str]:
        """For FFmpeg while it detects the contents of a stream."""
        return {"max_pixels": str(int(max(self._max_megapixels or 0, PROBED_MEGAPIXELS) * 1e6))}

    def check(self, context: VideoCodecContext) -> None:
        """Raises SourceError if the video is larger, as far as its size is known."""
        size = context.width, context.height
        if self._max_megapixels is not None and size[0] * size[1] > self._max_megapixels * 1e6:
            raise SourceError(reasons.too_many_pixels(self._name, size, self._max_megapixels))


def decoded(
    decode: Callable[[], list[VideoFrame]], context: VideoCodecContext, limit: PixelLimit
) -> tuple[list[VideoFrame], int]:
    """The complete pictures, and how many were damaged. Raises SourceError if they are too large."""
    try:
        frames = decode()
    except FFmpegError:
        limit.check(context)  # the size is that of the picture that FFmpeg refused
        return [], 1
    if frames:
        limit.check(context)
    complete = [frame for frame in frames if not frame.is_corrupt]
    return complete, len(frames) - len(complete)


class DecoderQueue:
    """The pictures that are in the decoder, and when the last packet of each came."""

    def __init__(self, repairs: Counter[str]) -> None:
        """`repairs` is where it is noted, once, if every picture is held back."""
        self._repairs = repairs
        self._arrived: dict[int | None, tuple[float, int]] = {}
        """By time stamp: when it came, and as which picture."""
        self._came = 0
        self._held_back: deque[int] = deque(maxlen=JUDGED_PICTURES)

    def put(self, ticks: int | None, arrival: float) -> None:
        """A picture goes in: its time stamp, and its CLOCK_MONOTONIC seconds."""
        self._came += 1
        self._arrived[ticks] = (arrival, self._came)
        while len(self._arrived) > MAX_WAITING:
            del self._arrived[next(iter(self._arrived))]

    def take(self, ticks: int | None, otherwise: float, *, has_b_frames: bool) -> float:
        """A picture came out: when it had come in, or `otherwise` if that is not known.

        `has_b_frames` is what the decoder says: damage holds pictures back as well.
        """
        came, number = self._arrived.pop(ticks, (otherwise, self._came))
        self._held_back.append(self._came - number)
        if len(self._held_back) == JUDGED_PICTURES:
            frames = round(sum(self._held_back) / JUDGED_PICTURES)
            self._held_back.clear()
            if frames and has_b_frames and not any(repair.startswith(B_FRAMES) for repair in self._repairs):
                by = f"{frames} frame{'s' * (frames > 1)}"
                self._repairs[f"{B_FRAMES} hold each picture back by {by}; switch them off in the camera"] += 1
        return came
