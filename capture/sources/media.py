"""A camera behind a URL, or a file in its place. JPEGs pass through unchanged; other video is encoded as JPEG.

What speaks to the camera is http_stream, rtsp_stream or av_stream; all run in a thread of their own, so that no read
here blocks.
"""

import time
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import msgspec

from capture.media import reasons
from capture.media.file import check_file
from capture.media.http_request import Answer
from capture.media.http_stream import HttpBody, HttpStream
from capture.media.jpeg_parts import JpegParts
from capture.media.latest_reader import Arrival, LatestReader, Stream
from capture.media.picture_decoder import PictureDecoder
from capture.media.repeated_pictures import RepeatedPictures
from capture.media.still_file import SUFFIXES, StillFile
from capture.media.tcp_connection import TcpConnections
from capture.media.tls import CameraTls
from capture.media.url import MediaUrl, UrlError
from capture.rate_control import RateControl
from capture.source import READ_LIMIT_SECONDS, Source, SourceError
from framebus.config.camera import CameraConfig
from framebus.config.shown_url import shown
from framebus.config.size import Size
from framebus.publishing.picture import Picture
from framebus.publishing.repairs import Repairs

if TYPE_CHECKING:
    from capture.media.http_stream import VideoReader
    from capture.media.rtsp.session import Transport

PATIENCE_SECONDS = 5.0
"""How long a camera may send nothing, while it is opened and later, where stall_timeout does not say."""
OPEN_SLACK_SECONDS = 0.5
"""The stream itself knows better why it does not open: its own limit shall end first."""
IDLE_POLL_SECONDS = 0.05
"""How often to look for viewers while a picture is waited for without them."""
KEYFRAME_SECONDS = 120.0
DEFAULT_TLS = CameraTls()


class MediaOptions(msgspec.Struct, frozen=True):
    """How a network camera is spoken to."""

    keyframe_seconds: float = KEYFRAME_SECONDS
    """How long the first key frame may take."""
    max_megapixels: float | None = None
    idle_fps: float = 0
    """A recording stands still between two pictures while no more than this are wanted, as without viewers."""
    transport: "Transport" = "auto"
    tls: CameraTls = DEFAULT_TLS

    @classmethod
    def of(cls, config: CameraConfig) -> "MediaOptions":
        """What a camera's table says."""
        tls = CameraTls(config.tls_verify, config.tls_fingerprint)
        return cls(config.keyframe_timeout, config.max_megapixels, config.idle_fps, config.rtsp_transport, tls)


class MediaSource(Source):
    """A URL or a file, read by a thread of its own as fast as it comes; a file at the speed of its own times."""

    def __init__(
        self,
        target: str,
        size: Size,
        fps: float,
        quality: int,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        options: MediaOptions | None = None,
    ) -> None:
        """`target` is a URL with :// or the absolute path of a file.

        Video that is no JPEG is encoded at `quality`, 1 to 100, and made smaller where it is larger than `size`. JPEGs
        are as the camera makes them; nor can a URL be asked for `fps`: the rate control thins them out.
        """
        self._target = target
        self._size = size
        self._fps = fps
        self._quality = quality
        self._patience = patience_seconds
        self._options = options or MediaOptions()
        self._stream: Stream | None = None
        self._still_file: StillFile | None = None
        self._latest_reader: LatestReader | None = None
        self._damaged_earlier = 0
        self._repeated = RepeatedPictures()
        self._repairs = Repairs()
        self._noted: Counter[str] = Counter()
        self.call_limit_seconds = 2 * patience_seconds + 2 * OPEN_SLACK_SECONDS + READ_LIMIT_SECONDS
        self.waiting_limit_seconds = self._options.keyframe_seconds + OPEN_SLACK_SECONDS

    @property
    def name(self) -> str:
        """The URL without login and secrets, or the path."""
        return shown(self._target) if "://" in self._target else self._target

    @property
    def waiting(self) -> str:
        """Such as "waiting for a key frame"."""
        return self._stream.waiting if self._stream is not None else ""

    @property
    def repairs(self) -> Mapping[str, int]:  # type: ignore[override]
        """What was wrong with the camera's framing, and how often."""
        return self._repairs.total

    def open(self) -> None:
        """Connect, within the patience; looking up the camera's address may take as long again.

        Raises SourceError.
        """
        if self._latest_reader is not None and not self._latest_reader.close(self._patience):
            raise SourceError(reasons.no_answer(self.name, self._patience))  # the attempt before still waits for one
        self._damaged_earlier = self.damaged
        self._noted.clear()
        self._stream = self._make_stream()
        self._latest_reader = LatestReader(self._stream, reasons.ended(self.name))
        if not self._latest_reader.open(self._patience + OPEN_SLACK_SECONDS):
            raise SourceError(reasons.no_answer(self.name, self._patience))

    def read(self, rate_control: RateControl, seq: int) -> Picture | None:
        """Wait until a picture is wanted; then the newest if it was not read yet, else the next one."""
        deadline = time.monotonic() + READ_LIMIT_SECONDS
        latest_reader, stream = self._latest_reader, self._stream
        assert latest_reader is not None  # opened before it is read
        assert stream is not None
        latest_reader.is_idle = self._is_idle(rate_control)
        wanted = rate_control.wait(READ_LIMIT_SECONDS)
        self.damaged = self._damaged_earlier + stream.lost
        self._note_repairs(stream)
        if not wanted:
            latest_reader.check()
            return None
        arrival = self._taken(latest_reader, rate_control, deadline)
        if arrival is None:
            return None
        rate_control.taken()
        return Picture(arrival.jpeg(), arrival.captured, arrival.monotonic)

    def close(self) -> None:
        """Close the stream. One that hangs in FFmpeg is left to its thread, which ends when FFmpeg comes back."""
        if self._latest_reader is not None and self._latest_reader.close(READ_LIMIT_SECONDS):
            self._latest_reader = None

    def _is_idle(self, rate_control: RateControl) -> bool:
        return rate_control.fps <= self._options.idle_fps < self._fps

    def _taken(self, latest_reader: LatestReader, rate_control: RateControl, deadline: float) -> Arrival | None:
        """The newest picture, or the next; without viewers, it may take some seconds, but a viewer may come."""
        while (left := deadline - time.monotonic()) > 0 or not latest_reader.is_idle:
            limit = min(left, IDLE_POLL_SECONDS) if latest_reader.is_idle else left
            arrival = latest_reader.take(max(0.0, limit))
            if arrival is not None or not latest_reader.is_idle:
                return arrival
            latest_reader.is_idle = self._is_idle(rate_control)
        return None

    def _note_repairs(self, stream: Stream) -> None:
        if sum(stream.repairs.values()) != self._noted.total():
            now = Counter(stream.repairs)
            self._repairs.note(self.name, now - self._noted)
            self._noted = now

    def _make_stream(self) -> Stream:
        if "://" not in self._target:
            return self._play(Path(self._target))
        try:
            url = MediaUrl.parse(self._target)
        except UrlError as error:
            raise SourceError(reasons.no_url(self.name, str(error))) from None
        if url.scheme == "file":
            return self._play(Path(unquote(urlsplit(url.text).path)))
        if url.scheme in ("http", "https"):
            decoder = PictureDecoder(self.name, self._quality, self._options.max_megapixels)
            return HttpStream(
                *(url, self.name, self._patience, self._over_http, self._options.tls, decoder, self._video_reader),
                parts=JpegParts(repeated=self._repeated),
            )
        if (
            url.scheme == "tcp" and "listen" not in urlsplit(url.text).query
        ):  # with it, FFmpeg waits for the camera to connect
            connections = TcpConnections(url, self.name, self._patience)
            decoder = PictureDecoder(self.name, self._quality, self._options.max_megapixels)
            return HttpStream(
                *(url, self.name, self._patience, self._over_http, self._options.tls, decoder, self._video_reader),
                requests=connections,
                parts=JpegParts(repeated=self._repeated),
            )
        if url.scheme in ("rtsp", "rtsps"):
            return self._over_rtsp(url)
        return self._over_pyav(url)

    def _video_reader(self, codec: str) -> "VideoReader":
        """Of raw video of this codec, or without one of a transport stream."""
        try:
            from capture.media.frame_encoder import FrameEncoder
            from capture.media.raw_video import RawVideoReader
            from capture.media.transport_stream import TransportStreamReader
        except ImportError:
            raise SourceError(reasons.no_pyav(self.name)) from None
        make = partial(RawVideoReader, codec) if codec else TransportStreamReader
        return make(
            self.name,
            FrameEncoder(self._size, self._quality),
            self._options.max_megapixels,
            patience=self._patience,
            keyframe_seconds=self._options.keyframe_seconds,
        )

    def _over_http(self, content_type: str, answer: Answer, body: HttpBody | None) -> Stream:
        """A body that is no JPEG, where redirects led to, with the login if it may be sent there."""
        url = MediaUrl.parse(self._target)
        if answer.url.without_login != url.without_login:
            url = answer.url.with_login_of(url) if answer.with_login else answer.url
        return self._over_pyav(url, content_type, body)

    def _play(self, file: Path) -> Stream:
        check_file(file, self.name)
        if file.suffix.lower() not in SUFFIXES:
            return self._over_pyav(file)
        if self._still_file is None:
            self._still_file = StillFile(file, self.name, self._quality, self._options.max_megapixels)
        return self._still_file

    def _over_rtsp(self, url: MediaUrl) -> Stream:
        try:
            import capture.media.av_stream  # noqa: F401  (for other codecs)
            from capture.media.frame_encoder import FrameEncoder
            from capture.media.rtsp_stream import RtspStream
        except ImportError:
            raise SourceError(reasons.no_pyav(self.name)) from None
        return RtspStream(
            url,
            self.name,
            FrameEncoder(self._size, self._quality),
            lambda: self._over_pyav(url),
            self._options.tls,
            patience=self._patience,
            keyframe_seconds=self._options.keyframe_seconds,
            max_megapixels=self._options.max_megapixels,
            transport=self._options.transport,
        )

    def _over_pyav(self, target: MediaUrl | Path, content_type: str = "", body: HttpBody | None = None) -> Stream:
        try:
            from capture.media.av_stream import AvStream
            from capture.media.frame_encoder import FrameEncoder
        except ImportError:
            raise SourceError(reasons.no_pyav(self.name)) from None
        return AvStream(
            target,
            self.name,
            FrameEncoder(self._size, self._quality),
            self._patience,
            content_type=content_type,
            body=body,
            keyframe_seconds=self._options.keyframe_seconds,
            max_megapixels=self._options.max_megapixels,
            tls=self._options.tls,
            transport=self._options.transport,
        )
