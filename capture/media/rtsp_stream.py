"""H.264 and H.265 from RTSP cameras: each picture as its last packet arrives, with the time of the stream's clock.

Decoding is PyAV's; other codecs are left to av_stream. This module needs the extra `av`: media imports it when it must.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import av
import av.logging

from capture.media import reasons
from capture.media.decoding import PixelLimit
from capture.media.frame_encoder import FrameEncoder
from capture.media.latest_reader import Arrival, LatestReader, Stream
from capture.media.live_decoder import LiveDecoder
from capture.media.rtsp.rtp import Depacketizer, RtpPacket
from capture.media.rtsp.sdp import Track
from capture.media.rtsp.session import RtspSession, Transport
from capture.media.tls import CameraTls
from capture.media.url import MediaUrl
from capture.source import SourceError

DECODERS = {"H264": "h264", "H265": "hevc"}


class RtspStream:
    """One RTSP URL."""

    def __init__(
        self,
        url: MediaUrl,
        name: str,
        encoder: FrameEncoder,
        other: Callable[[], Stream],
        tls: CameraTls,
        *,
        patience: float,
        keyframe_seconds: float,
        max_megapixels: float | None,
        transport: Transport,
    ) -> None:
        """`patience` and `keyframe_seconds` are in seconds; `other` makes the stream for another codec."""
        self._url = url
        self._name = name
        self._encoder = encoder
        self._make_other = other
        self._tls = tls
        self._patience = patience
        self._keyframe_seconds = keyframe_seconds
        self._limit = PixelLimit(name, max_megapixels)
        self._transport: Transport = transport
        self._session: RtspSession | None = None
        self._track: Track | None = None
        self._other: Stream | None = None
        self._decoder: LiveDecoder | None = None
        self._lost = 0

    @property
    def repairs(self) -> Mapping[str, int]:
        """What was wrong with the video so far, and did not matter."""
        if self._other is not None:
            return self._other.repairs
        return self._decoder.repairs if self._decoder else Counter()

    @property
    def waiting(self) -> str:
        """Why there is no picture yet, although data come; else empty."""
        return self._decoder.waiting if self._decoder else ""

    @property
    def lost(self) -> int:
        """Pictures that came, but damaged, so far."""
        damaged = self._decoder.damaged if self._decoder else 0
        return self._lost + damaged + (self._other.lost if self._other else 0)

    def open(self) -> None:
        """Raises SourceError."""
        av.logging.set_level(None)  # FFmpeg would write to stderr
        self._session = session = RtspSession(self._url, self._name, self._patience, self._tls, self._transport)
        session.connect()
        track = session.describe()
        if track.codec not in DECODERS:
            session.close()
            if self._url.scheme == "rtsps":
                raise SourceError(reasons.codec_over_tls(self._name, track.codec))
            self._other = self._make_other()
            self._other.open()
            return
        session.play(track)
        self._track = track
        self._decoder = LiveDecoder(
            DECODERS[track.codec],
            self._name,
            self._encoder,
            self._limit,
            patience=self._patience,
            keyframe_seconds=self._keyframe_seconds,
            clock_hz=track.clock_hz,
            parameter_sets=track.parameter_sets,
        )

    def arrivals(self, latest_reader: LatestReader) -> Iterator[Arrival]:
        """Every picture as it comes. Raises SourceError."""
        if self._other is not None:
            return self._other.arrivals(latest_reader)
        return self._pictures(latest_reader)

    def interrupt(self) -> None:
        """Break the connection off."""
        for part in (self._session, self._other):
            if part is not None:
                part.interrupt()

    def close(self) -> None:
        """End the session."""
        for part in (self._session, self._other):
            if part is not None:
                part.close()
        self._lost, self._decoder = self.lost - (self._other.lost if self._other else 0), None

    def _pictures(self, latest_reader: LatestReader) -> Iterator[Arrival]:
        session, track, decoder = self._session, self._track, self._decoder
        assert session is not None  # opened before it is read
        assert track is not None
        assert decoder is not None
        depacketizer = Depacketizer("H264" if track.codec == "H264" else "H265")
        newest = 0.0
        for data, arrival in session.packets():
            packet = RtpPacket.parse(data)
            if packet is None or packet.payload_type != track.payload_type:
                continue
            lost = depacketizer.lost
            for unit in depacketizer.feed(packet):
                yield from decoder.feed(unit.data, unit.ticks, newest if unit.by_next else arrival, latest_reader)
            newest = arrival
            self._lost += depacketizer.lost - lost
            decoder.check()
