"""Decodes H.264 and H.265 of V4L2 cameras that offer no other format, with the extra `av`.

Each buffer of the driver is one access unit (the kernel's documentation of V4L2_PIX_FMT_H264).
"""

import io
import time
from collections.abc import Callable
from typing import cast

import av
from av.codec.context import Flags, ThreadType
from av.error import FFmpegError
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from PIL import Image

from capture.idle_decoding import Need, UndecodedPictures
from capture.media.annexb import kind_of

CODECS = {"H264": "h264", "HEVC": "hevc"}
"""V4L2's fourcc codes, and FFmpeg's names."""


class VideoDecoder:
    """Decodes the access units that are needed, and keeps the newest picture."""

    def __init__(
        self, fourcc: str, quality: int, patience: float = 5.0, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin without a picture.

        Args:
            fourcc: one of CODECS.
            quality: of the JPEGs, 1 to 100.
            patience: how long the camera may give no picture, in seconds.
            now: the clock, in seconds.
        """
        self._patience = patience
        self._now = now
        self._undecoded: UndecodedPictures[tuple[bytes, float]] = UndecodedPictures(patience, now)
        self.fourcc = fourcc
        self.lost = 0
        """Access units that could not be decoded."""
        self.needs_key_frame = True
        """Whether nothing can be decoded until the next key frame."""
        self._codec = CODECS[fourcc]
        self._quality = quality
        self._context = self._opened()
        self._reformatter = VideoReformatter()
        self._newest: tuple[VideoFrame, float] | None = None

    def feed(self, data: bytes, monotonic: float, need: Need = "each") -> None:
        """Take the next access unit, and decode it as soon as that is needed.

        Args:
            data: its bytes.
            monotonic: CLOCK_MONOTONIC seconds at which it was captured.
            need: which pictures are wanted.
        """
        due = self._undecoded.put((data, monotonic), len(data), kind_of(self._codec, data), need)
        if due.after_gap:
            self._context.flush_buffers()
        if need == "none":  # the picture before was not taken, and is not the newest any more
            self._newest = None
        for unit in due.pictures:
            self._decode(*unit)

    def _decode(self, data: bytes, monotonic: float) -> None:
        try:
            frames = self._context.decode(Packet(data))
        except FFmpegError:
            self.lost += 1
            self.reset()
            return
        for frame in frames:
            self.needs_key_frame = self.needs_key_frame and not frame.key_frame
            if frame.is_corrupt:
                self.lost += 1
            elif not self.needs_key_frame:
                self._newest = (frame, monotonic)

    def reset(self) -> None:
        """Start again at the next key frame: an access unit before it is missing or damaged."""
        self.needs_key_frame = True
        self._context = self._opened()
        self._undecoded = UndecodedPictures(self._patience, self._now)
        self._newest = None

    def take(self, need: Need = "each") -> tuple[bytes, float] | None:
        """The newest picture since the last call as JPEG, and when it was captured."""
        if need == "each" and self._undecoded.behind:  # it comes with the next access unit
            return None
        newest, self._newest = self._newest, None
        return None if newest is None else (self._encoded(newest[0]), newest[1])

    def _opened(self) -> VideoCodecContext:
        context = cast(VideoCodecContext, av.CodecContext.create(self._codec, "r"))
        context.thread_type = ThreadType.SLICE  # threads for each frame would hold frames back
        context.flags |= Flags.low_delay
        return context

    def _encoded(self, frame: VideoFrame) -> bytes:
        plane = self._reformatter.reformat(frame, format="rgb24").planes[0]
        pixels = cast(bytes, plane)  # any buffer will do, but Pillow's types do not say so
        size = (frame.width, frame.height)
        jpeg = io.BytesIO()
        Image.frombuffer("RGB", size, pixels, "raw", "RGB", plane.line_size, 1).save(
            jpeg, "JPEG", quality=self._quality
        )
        return jpeg.getvalue()
