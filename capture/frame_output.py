"""Turns the pictures of a source into numbered frames, and counts those that are not complete JPEGs."""

import logging
from collections.abc import Callable

from capture.source import Source
from capture.source_calls import SourceCalls
from framebus.protocol.wire import Kind
from framebus.publishing.frame_builder import FrameBuilder, Published
from framebus.publishing.jpeg import JpegError
from framebus.publishing.picture import Picture
from framebus.runtime.rate_limited_log import RateLimitedLog

logger = logging.getLogger("capture")


class FrameOutput:
    """Numbers the frames of one camera: `seq` rises by one for each live frame that is handed over."""

    def __init__(self, builder: FrameBuilder, publish: Callable[[Published], None], calls: SourceCalls) -> None:
        """Begin with number 0.

        Args:
            builder: makes the frames.
            publish: called with each frame.
            calls: names the source, and describes unforeseen failures.
        """
        self.seq = 0
        """Of the last live frame; 0 before the first."""
        self.flaw = ""
        """Why the last picture that was thrown away was; empty since the camera was opened."""
        self._builder = builder
        self._publish = publish
        self._calls = calls
        self._losses = RateLimitedLog(logger)

    @property
    def bad(self) -> int:
        """Pictures that were thrown away."""
        return self._losses.total.total()

    def frame_of(self, picture: Picture, source: Source, kind: Kind) -> Published | None:
        """The frame of a picture; None where that is no complete JPEG, which is counted.

        Args:
            picture: what the source gave.
            source: the open source.
            kind: live, or full: a picture of full size has the number of the last live frame.
        """
        try:
            return self._builder.build(
                picture,
                self.seq + 1 if kind == "live" else max(1, self.seq),
                source=self._calls.source_name,
                orientation=source.orientation,
                dropped=source.dropped,
                kind=kind,
            )
        except JpegError as error:
            self._throw_away(str(error))
        except Exception as error:  # a picture that this code does not understand costs itself alone
            self._throw_away(str(self._calls.unforeseen("checking a picture", error)))
        return None

    def hand_over(self, frame: Published) -> None:
        """Publish a frame."""
        if frame.kind == "live":
            self.seq = frame.header.seq
        self._publish(frame)

    def flush_log(self) -> None:
        """Log the losses that are due; to be called about once a second."""
        self._losses.flush()

    def _throw_away(self, why: str) -> None:
        self.flaw = f"the last one was {why}"
        self._losses.count("pictures dropped that are incomplete JPEGs", why)
