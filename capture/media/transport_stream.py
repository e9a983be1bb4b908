"""A live MPEG transport stream, over HTTP or another protocol: bytes in, pictures out.

This module needs the extra `av`: media imports it when it must.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from capture.idle_decoding import Demand
from capture.media.decoding import PixelLimit
from capture.media.frame_encoder import FrameEncoder
from capture.media.latest_reader import Arrival
from capture.media.live_decoder import LiveDecoder
from capture.media.mpegts import TransportStream


class TransportStreamReader:
    """Reads one stream from its beginning."""

    def __init__(
        self,
        name: str,
        encoder: FrameEncoder,
        max_megapixels: float | None,
        *,
        patience: float,
        keyframe_seconds: float,
    ) -> None:
        """`patience` and `keyframe_seconds` are in seconds."""
        self._name = name
        self._encoder = encoder
        self._limit = PixelLimit(name, max_megapixels)
        self._patience = patience
        self._keyframe_seconds = keyframe_seconds
        self._stream = TransportStream()
        self._codec = ""
        self._decoder: LiveDecoder | None = None
        self._damaged_earlier = 0
        self._newest = 0.0
        """When the bytes before these came."""

    @property
    def lost(self) -> int:
        """Pictures that came, but damaged, so far."""
        damaged = self._decoder.damaged if self._decoder else 0
        return self._stream.lost + self._damaged_earlier + damaged

    @property
    def may_be_complete(self) -> bool:
        """Whether a pause now would be the end of a picture: the packets tell that by themselves."""
        return False

    def pause(self, demand: Demand) -> Iterator[Arrival]:
        """Nothing."""
        yield from ()

    @property
    def repairs(self) -> Mapping[str, int]:
        """What was wrong with the video so far, and did not matter."""
        return self._decoder.repairs if self._decoder else Counter()

    @property
    def waiting(self) -> str:
        """Why there is no picture yet, although data come; else empty."""
        return self._decoder.waiting if self._decoder else ""

    def feed(self, data: bytes, arrival: float, demand: Demand) -> Iterator[Arrival]:
        """The pictures that these bytes complete, which came at `arrival`, in CLOCK_MONOTONIC seconds,
        as far as `demand` wants them.

        Raises SourceError.
        """
        for picture in self._stream.feed(data):
            decoder = self._decoder_of(self._stream.codec)
            yield from decoder.feed(picture.data, picture.ticks, self._newest if picture.by_next else arrival, demand)
        self._newest = arrival
        if self._decoder is not None:
            self._decoder.check()

    def _decoder_of(self, codec: str) -> LiveDecoder:
        if self._decoder is None or codec != self._codec:
            self._damaged_earlier += self._decoder.damaged if self._decoder else 0
            self._codec = codec
            self._decoder = LiveDecoder(
                codec,
                self._name,
                self._encoder,
                self._limit,
                patience=self._patience,
                keyframe_seconds=self._keyframe_seconds,
            )
        return self._decoder
