"""Live H.264 and H.265 without a container: its bytes in, its pictures out.

This module needs the extra `av`: media imports it when it must.
"""

from collections.abc import Iterator, Mapping

from capture.idle_decoding import Demand
from capture.media.annexb import AccessUnits
from capture.media.decoding import PixelLimit
from capture.media.frame_encoder import FrameEncoder
from capture.media.latest_reader import Arrival
from capture.media.live_decoder import LiveDecoder

CLOCK_HZ = 90_000


class RawVideoReader:
    """Reads one stream from its beginning. It has no time stamps: a picture is as old as its last byte."""

    def __init__(
        self,
        codec: str,
        name: str,
        encoder: FrameEncoder,
        max_megapixels: float | None,
        *,
        patience: float,
        keyframe_seconds: float,
    ) -> None:
        """`codec` is "h264" or "hevc"; `patience` and `keyframe_seconds` are in seconds."""
        self._units = AccessUnits(codec)
        self._decoder = LiveDecoder(
            codec,
            name,
            encoder,
            PixelLimit(name, max_megapixels),
            patience=patience,
            keyframe_seconds=keyframe_seconds,
            clock_hz=CLOCK_HZ,
        )
        self._newest = 0.0
        """When the bytes before these came."""
        self._ticks = 0

    @property
    def lost(self) -> int:
        """Pictures that came, but damaged, so far."""
        return self._units.lost + self._decoder.damaged

    @property
    def repairs(self) -> Mapping[str, int]:
        """What was wrong with the video so far, and did not matter."""
        return self._decoder.repairs

    @property
    def waiting(self) -> str:
        """Why there is no picture yet, although data come; else empty."""
        return self._decoder.waiting

    @property
    def may_be_complete(self) -> bool:
        """Whether a pause now would be the end of a picture."""
        return self._units.may_be_complete

    def feed(self, data: bytes, arrival: float, demand: Demand) -> Iterator[Arrival]:
        """The pictures that these bytes complete, which came at `arrival`, in CLOCK_MONOTONIC seconds,
        as far as `demand` wants them.

        Raises SourceError.
        """
        for number, unit in enumerate(self._units.feed(data)):
            yield from self.feed_picture(unit, arrival if number else self._newest or arrival, demand)
        self._newest = arrival
        self._decoder.check()

    def pause(self, demand: Demand) -> Iterator[Arrival]:
        """The picture with which the bytes end, as no more have come for a while. Raises SourceError."""
        yield from self.feed_picture(self._units.pause(), self._newest, demand)

    def feed_picture(self, data: bytes, arrival: float, demand: Demand) -> Iterator[Arrival]:
        """A complete picture, which came at `arrival`. Raises SourceError."""
        self._ticks = max(self._ticks + 1, round(arrival * CLOCK_HZ))
        yield from self._decoder.feed(data, self._ticks, arrival, demand)
        self._decoder.check()
