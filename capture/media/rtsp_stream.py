"""H.264 and H.265 from RTSP cameras: each picture is out when its last packet is in, stamped by the stream's clock.

Decoding is PyAV's; other codecs are left to av_stream. This module needs the extra `av`: media imports it when it must.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import partial

import av
import av.logging
from av.codec import CodecContext
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from capture.media import reasons
from capture.media.decoding import DecoderQueue, PixelLimit, decoded
from capture.media.frame_encoder import FrameEncoder
from capture.media.latest_reader import Arrival, LatestReader, Stream
from capture.media.rtsp.rtp import START_CODE, AccessUnit, Depacketizer, RtpPacket
from capture.media.rtsp.sdp import Track
from capture.media.rtsp.session import RtspSession, Transport
from capture.media.stream_clock import Moment, StreamClock
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
        self._damaged = 0
        self.waiting = ""
        self._repairs: Counter[str] = Counter()

    @property
    def repairs(self) -> Mapping[str, int]:
        """What was wrong with the video so far, and did not matter."""
        return self._other.repairs if self._other else self._repairs

    @property
    def lost(self) -> int:
        """Pictures that came, but damaged, so far."""
        return self._damaged + (self._other.lost if self._other else 0)

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

    def arrivals(self, latest_reader: LatestReader) -> Iterator[Arrival]:
        """Every picture as it comes. Raises SourceError."""
        if self._other is not None:
            return self._other.arrivals(latest_reader)
        return self._pictures()

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
        self.waiting = ""

    def _pictures(self) -> Iterator[Arrival]:
        session, track = self._session, self._track
        assert session is not None  # opened before it is read
        assert track is not None
        depacketizer = Depacketizer("H264" if track.codec == "H264" else "H265")
        decoder, clock, queue = self._decoder(track), StreamClock(), DecoderQueue(self._repairs)
        begun = newest_at = time.monotonic()
        has_picture = False
        for data, arrival in session.packets():
            packet = RtpPacket.parse(data)
            if packet is None or packet.payload_type != track.payload_type:
                continue
            lost = depacketizer.lost
            for unit in depacketizer.feed(packet):
                queue.put(unit.ticks, arrival)
                for frame in self._decoded(decoder, unit):
                    has_picture, newest_at, self.waiting = True, time.monotonic(), ""
                    self._encoder.pixel_aspect = float(decoder.sample_aspect_ratio or 1)
                    yield self._arrival(frame, clock, track, queue, arrival)
                if not has_picture:
                    self.waiting = reasons.waiting_for_key_frame(self._name)
            self._damaged += depacketizer.lost - lost
            now = time.monotonic()
            if not has_picture and self.waiting and now - begun > self._keyframe_seconds:
                raise SourceError(reasons.no_key_frame(self._name, self._keyframe_seconds))
            if has_picture and now - newest_at > max(self._patience, self._keyframe_seconds):
                raise SourceError(reasons.no_picture_decoded(self._name, now - newest_at))

    def _arrival(
        self, frame: VideoFrame, clock: StreamClock, track: Track, queue: DecoderQueue, newest: float
    ) -> Arrival:
        ticks = frame.pts if frame.pts is not None else 0
        came = queue.take(ticks, newest)
        moment = Moment.at(clock.taken(ticks / track.clock_hz, came))
        return Arrival(self._encoder.later(frame), moment.captured, moment.monotonic)

    def _decoded(self, decoder: VideoCodecContext, unit: AccessUnit) -> list[VideoFrame]:
        """What is damaged is counted and left out."""
        packet = Packet(unit.data)
        packet.pts = packet.dts = unit.ticks
        packet.time_base = Fraction(1, 90_000)
        frames, damaged = decoded(partial(decoder.decode, packet), decoder, self._limit)
        self._damaged += damaged
        return frames

    def _decoder(self, track: Track) -> VideoCodecContext:
        """One that holds back no picture unless B frames make it."""
        context = CodecContext.create(DECODERS[track.codec], "r")
        assert isinstance(context, VideoCodecContext)
        context.thread_type = "SLICE"  # threads by frame would hold a frame back each
        context.options = self._limit.options
        if track.parameter_sets:
            context.extradata = b"".join(START_CODE + unit for unit in track.parameter_sets)
        return context
