"""Decodes live video: each picture as soon as its last byte has arrived, with the time of the stream's clock.

Decoding is PyAV's. This module needs the extra `av`.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial

import msgspec
from av.codec import CodecContext
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from capture.idle_decoding import Demand, UndecodedPictures
from capture.media import reasons
from capture.media.annexb import kind_of
from capture.media.decoding import DecoderQueue, PixelLimit, decoded
from capture.media.frame_encoder import FrameEncoder
from capture.media.latest_reader import Arrival
from capture.media.stream_clock import Moment, StreamClock
from capture.source import SourceError

START_CODE = b"\0\0\0\1"


class _Encoded(msgspec.Struct, frozen=True):
    data: bytes
    ticks: int
    arrival: float


class LiveDecoder:
    """Decodes the encoded pictures of one stream, one after the other."""

    def __init__(
        self,
        codec: str,
        name: str,
        encoder: FrameEncoder,
        limit: PixelLimit,
        *,
        patience: float,
        keyframe_seconds: float,
        clock_hz: int = 90_000,
        parameter_sets: Sequence[bytes] = (),
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin before the first key frame.

        Args:
            codec: FFmpeg's name of it.
            name: the camera's, for errors.
            encoder: makes JPEGs of the pictures that are wanted.
            limit: of the pixels that are decoded.
            patience: seconds for which decoding may give no picture, but at least `keyframe_seconds`.
            keyframe_seconds: how long the first key frame may take.
            clock_hz: ticks of the time stamps in a second.
            parameter_sets: NAL units that the decoder needs first, as far as they are known.
            now: the clock, in seconds.
        """
        self._now = now
        self.damaged = 0
        """Pictures that could not be decoded, so far."""
        self.waiting = ""
        """Why there is no picture yet."""
        self.repairs: Counter[str] = Counter()
        self._codec = codec
        self._undecoded: UndecodedPictures[_Encoded] = UndecodedPictures(patience, now)
        self._name = name
        self._encoder = encoder
        self._limit = limit
        self._most_seconds = max(patience, keyframe_seconds)
        self._keyframe_seconds = keyframe_seconds
        self._clock_hz = clock_hz
        self._clock, self._queue = StreamClock(), DecoderQueue(self.repairs)
        self._begun = now()
        self._has_picture = False
        self._failing_since: float | None = None
        """When, since the last picture, the first one could not be decoded."""
        self._context = _context(codec, limit, parameter_sets)

    def feed(self, data: bytes, ticks: int, arrival: float, demand: Demand) -> Iterator[Arrival]:
        """Take one encoded picture, and decode it as soon as it is wanted.

        Args:
            data: as a decoder takes it; H.264 and H.265 as in their annex B.
            ticks: its time stamp.
            arrival: CLOCK_MONOTONIC seconds at which its last byte came in.
            demand: which pictures are wanted.

        Yields:
            The newest picture that came out: mostly this one.

        Raises:
            SourceError: its size is over the limit.
        """
        due = self._undecoded.put(_Encoded(data, ticks, arrival), len(data), kind_of(self._codec, data), demand.need)
        if due.after_gap:
            self._context.flush_buffers()
        newest: Arrival | None = None
        for picture in due.pictures:
            for newest in self._decoded(picture.data, picture.ticks, picture.arrival):  # noqa: B007  (others are old)
                pass
        demand.behind = self._undecoded.behind
        if newest is not None:
            yield newest

    def _decoded(self, data: bytes, ticks: int, arrival: float) -> Iterator[Arrival]:
        self._queue.put(ticks, arrival)
        packet = Packet(data)
        packet.pts = packet.dts = ticks
        packet.time_base = Fraction(1, self._clock_hz)
        frames, damaged = decoded(partial(self._context.decode, packet), self._context, self._limit)
        self.damaged += damaged
        if not frames and self._failing_since is None:
            self._failing_since = self._now()
        for frame in frames:
            self._has_picture, self._failing_since, self.waiting = True, None, ""
            self._encoder.pixel_aspect = float(self._context.sample_aspect_ratio or 1)
            yield self._arrival(frame, arrival)
        if not self._has_picture:
            self.waiting = reasons.waiting_for_key_frame(self._name)

    def check(self) -> None:
        """Raises SourceError when decoding has given no picture for too long."""
        now = self._now()
        if not self._has_picture and self.waiting and now - self._begun > self._keyframe_seconds:
            raise SourceError(reasons.no_key_frame(self._name, self._keyframe_seconds))
        if self._has_picture and self._failing_since is not None and now - self._failing_since > self._most_seconds:
            raise SourceError(reasons.no_picture_decoded(self._name, now - self._failing_since))

    def _arrival(self, frame: VideoFrame, newest: float) -> Arrival:
        ticks = frame.pts if frame.pts is not None else 0
        came = self._queue.take(ticks, newest, has_b_frames=self._context.has_b_frames)
        moment = Moment.at(self._clock.taken(ticks / self._clock_hz, came))
        return Arrival(self._encoder.later(frame), moment.captured, moment.monotonic)


def _context(codec: str, limit: PixelLimit, parameter_sets: Sequence[bytes]) -> VideoCodecContext:
    """A decoder that holds back no picture unless B frames make it."""
    context = CodecContext.create(codec, "r")
    assert isinstance(context, VideoCodecContext)
    context.thread_type = "SLICE"  # threads by frame would hold a frame back each
    context.options = limit.options
    if parameter_sets:
        context.extradata = b"".join(START_CODE + unit for unit in parameter_sets)
    return context
