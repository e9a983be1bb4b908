"""Live streams and recordings that FFmpeg can read, through PyAV; recordings are played in a loop.

JPEG packets are passed on untouched; everything else is decoded, and made JPEG only for the pictures that are wanted.
This module needs the extra `av`: media imports it when it must.
"""

import os
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol, cast

import av
import av.logging
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from capture.idle_decoding import Demand, Kind, UndecodedPictures
from capture.media import reasons
from capture.media.av_arguments import LENIENT_METADATA, probing
from capture.media.av_failures import failure_reason
from capture.media.decoding import DecoderQueue, PixelLimit, decoded
from capture.media.file import check_file
from capture.media.frame_encoder import FrameEncoder
from capture.media.latest_reader import Arrival, Interrupted, LatestReader
from capture.media.play_clock import PlayClock
from capture.media.rtsp.redirect_guard import RedirectGuard
from capture.media.rtsp.session import DEFAULT_PORTS, Transport
from capture.media.stream_clock import Moment, StreamClock
from capture.media.tls import CameraTls
from capture.media.transport_stream import TransportStreamReader
from capture.media.url import MediaUrl
from capture.source import SourceError
from framebus.publishing.jpeg import Jpeg, JpegError

FOR_BYTES = "data"
"""FFmpeg's name of a format that hands over the bytes as they come, whatever they are."""
USUAL_FPS = 25
"""Of a recording that does not say, as FFmpeg itself assumes."""
ANALYZE = {"analyzeduration": str(1_000_000)}
"""In microseconds. FFmpeg's default of 5 s makes a camera start slowly. `nobuffer`, often advised, makes it worse: what
was analysed is thrown away, and with it the key frame, so that nothing can be decoded until the next one."""
RTSP_TRANSPORTS = {"auto": "tcp", "tcp": "tcp", "udp": "udp"}
"""UDP, FFmpeg's default, loses packets, and with them the pictures up to the next key frame."""
PROTOCOLS = {
    "http": "http,https,tls,tcp,crypto,data",
    "https": "https,tls,tcp,crypto,data",
    "rtsp": "rtsp,rtp,udp,tcp",
    "rtsps": "rtsps,rtsp,tls,tcp",
}
"""What a URL of each scheme may lead to: never a file of this machine, and never from TLS to clear text."""
TLS_SCHEMES = ("https", "rtsps", "rtmps", "tls")
LIVE_PLAYLISTS = ("hls", "dash")
BUFFERED_READ_SECONDS = 0.005
"""A read that takes less gave a packet that had come before, while the stream was analysed."""
LONGEST_BURST_SECONDS = 3.0
SETTLE_SECONDS = 0.2
"""How long a picture of such a burst is held, since a newer one mostly follows."""
CA_FILE = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
HOSTLESS_SCHEMES = ("udp", "rtp")
"""Their host is one's own, or a group."""
WITH_HEADER = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi")
"""Files that name all of their streams at their beginning: PyAV takes options for the streams of no others."""
TEXT_CODECS = ("ansi", "bintext", "idf", "xbin")
"""FFmpeg draws a text file as a terminal would: not what anybody means by a camera."""


class Body(Protocol):
    """What a server sends, as it comes."""

    failure: SourceError | None
    """Why it ended, other than in good order."""

    def read(self, size: int) -> bytes:
        """At most so many bytes, waiting for the first; empty at the end, and after a failure."""


class AvStream:
    """One URL, file or body of HTTP that does not end. A URL with a known duration is a recording, like a file."""

    def __init__(
        self,
        target: MediaUrl | Path,
        name: str,
        encoder: FrameEncoder,
        patience: float,
        *,
        content_type: str = "",
        body: Body | None = None,
        keyframe_seconds: float = 120,
        max_megapixels: float | None = None,
        tls: CameraTls | None = None,
        transport: Transport = "auto",
    ) -> None:
        """`patience` and `keyframe_seconds` are in seconds.

        `content_type` is what the server said that lies there, if it was asked; `body` is what it sends, if that has
        no length: then FFmpeg makes no connection of its own.
        """
        self._lost = 0
        self._repairs: Counter[str] = Counter()
        self._target = target
        self._name = name
        self._encoder = encoder
        self._patience = patience
        self._content_type = content_type
        self._body = body
        self._keyframe_seconds = keyframe_seconds
        self._max_megapixels = max_megapixels
        self._transport_stream: TransportStreamReader | None = None
        self._limit = PixelLimit(name, max_megapixels)
        self._tls = tls or CameraTls()
        self._transport = transport
        self._container: InputContainer | None = None
        self._video: VideoStream | None = None
        self._guard: RedirectGuard | None = None

    @property
    def lost(self) -> int:
        """Pictures that came, but damaged, so far."""
        return self._lost + (self._transport_stream.lost if self._transport_stream else 0)

    @property
    def repairs(self) -> Mapping[str, int]:
        """What was wrong with the video so far, and did not matter."""
        return self._transport_stream.repairs if self._transport_stream else self._repairs

    @property
    def waiting(self) -> str:
        """Why there is no picture yet, although data come; else empty."""
        return self._transport_stream.waiting if self._transport_stream else ""

    def open(self) -> None:
        """Raises SourceError."""
        av.logging.set_level(None)  # FFmpeg would write to stderr, and what it writes holds the URL
        os.environ["no_proxy"] = "*"  # FFmpeg would go by http_proxy, and send the login there
        if isinstance(self._target, MediaUrl) and self._target.scheme not in HOSTLESS_SCHEMES:
            self._check_host(self._target.host)
        self._open()

    def arrivals(self, latest_reader: LatestReader) -> Iterator[Arrival]:
        """Pictures as they come, or as they are due. Raises SourceError."""
        container, video = self._opened()
        if self._body is None and (isinstance(self._target, Path) or (container.duration or 0) > 0):
            return self._play(latest_reader, PlayClock(1 / float(video.average_rate or USUAL_FPS)))
        if container.format.name.split(",")[0] in LIVE_PLAYLISTS:
            raise SourceError(reasons.live_playlist(self._name))
        if container.format.name == "mpegts" and self._body is None:
            return self._live_transport_stream(latest_reader)
        return self._live(latest_reader)

    def interrupt(self) -> None:
        """FFmpeg cannot be woken from outside: it comes back when something arrives, or its patience ends."""

    def close(self) -> None:
        """Close the container and its decoder."""
        if self._container is not None:
            self._container.close()
        self._container = self._video = None
        if self._guard is not None:
            self._guard.close()

    def _open(self, format_name: str | None = None) -> None:
        if isinstance(self._target, Path):
            check_file(self._target, self._name)
        target = str(self._target) if isinstance(self._target, Path) else self._target.text
        options: dict[str, str] = {}
        if isinstance(self._target, MediaUrl):
            options = ANALYZE if self._body else self._options(self._target)
            target = target if self._body else self._guarded(self._target)
        began = time.monotonic()
        opened = partial(
            av.open,
            self._body or target,
            "r",
            format=format_name,
            container_options=options,
            timeout=(self._patience, self._patience),
            **LENIENT_METADATA,
        )
        try:
            has_header = isinstance(self._target, Path) and self._target.suffix.lower() in WITH_HEADER
            self._container = self._probed(opened) if has_header else opened()
        except FFmpegError as error:
            self._raise_failure_of_body()
            seconds = time.monotonic() - began
            if self._guard is not None:
                self._guard.close()
                if self._guard.has_redirected:
                    raise SourceError(reasons.redirected_login(self._name)) from None
            raise SourceError(self._reason(error, seconds, opening=True)) from None
        self._video = None if format_name else self._choose(self._container)

    def _guarded(self, url: MediaUrl) -> str:
        """What to give to FFmpeg. Raises SourceError."""
        if url.scheme != "rtsp" or url.login is None:
            return url.text
        try:
            self._guard = RedirectGuard(url.host, url.port or DEFAULT_PORTS[url.scheme], self._patience)
        except TimeoutError:
            raise SourceError(reasons.no_connection(self._name, self._patience)) from None
        except OSError as error:
            raise SourceError(reasons.refused(self._name, url.host, error)) from None
        return url.at("127.0.0.1", self._guard.port)

    def _probed(self, opened: Callable[..., InputContainer]) -> InputContainer:
        """Open a file, of which FFmpeg decodes a picture, but no larger one than it may."""
        try:
            return opened(**probing(self._limit.probe_options))
        except ValueError as error:
            if isinstance(error, FFmpegError):
                raise
        return opened()  # PyAV knows the streams of this format only after it has probed them

    def _options(self, url: MediaUrl) -> dict[str, str]:
        options = dict(ANALYZE)
        if url.scheme in PROTOCOLS:
            options["protocol_whitelist"] = PROTOCOLS[url.scheme]
        if url.scheme == "rtsp":
            options["rtsp_transport"] = RTSP_TRANSPORTS[self._transport]
        if self._tls.fingerprint is not None and url.scheme in TLS_SCHEMES:
            raise SourceError(reasons.fingerprint_of_ffmpeg(self._name))
        if self._tls.verify:
            options |= {"tls_verify": "1", "ca_file": os.environ.get("SSL_CERT_FILE") or CA_FILE}
        return options

    def _choose(self, container: InputContainer) -> VideoStream:
        if not container.streams.video:
            kinds = sorted({stream.type for stream in container.streams})
            raise SourceError(reasons.no_pictures(self._name, " and ".join(kinds) or "nothing"))
        video = container.streams.video[0]
        if getattr(video, "codec_context", None) is None:
            raise SourceError(reasons.no_decoder(self._name))
        if video.codec_context.name in TEXT_CODECS:
            raise SourceError(reasons.not_understood(self._name))
        self._limit.check(video.codec_context)
        video.codec_context.options = self._limit.options
        video.codec_context.thread_type = "SLICE"  # threads by frame would hold a frame back each
        return video

    def _raise_failure_of_body(self) -> None:
        if self._body is not None and self._body.failure is not None:
            raise self._body.failure

    def _opened(self) -> tuple[InputContainer, VideoStream]:
        assert self._container is not None  # opened before it is read
        assert self._video is not None
        return self._container, self._video

    def _live(self, demand: Demand) -> Iterator[Arrival]:
        """Each picture as it comes, but of those that came while the stream was analysed the newest alone."""
        _, video = self._opened()
        clock, queue = StreamClock(), DecoderQueue(self._repairs)
        undecoded: UndecodedPictures[tuple[Packet[VideoStream], float]] = UndecodedPictures(self._patience)
        is_jpeg = video.codec_context.name == "mjpeg"
        began = last = time.monotonic()
        catching_up = True
        for packet in self._packets():
            if not packet.size:  # the end: what the decoder held back is old
                return
            arrival = time.monotonic()
            if arrival - last > BUFFERED_READ_SECONDS or arrival - began > LONGEST_BURST_SECONDS:
                catching_up = False
            kind: Kind = "key" if packet.is_keyframe else "delta"
            due = undecoded.put((packet, arrival), packet.size, kind, "each" if is_jpeg else demand.need)
            if due.after_gap:
                video.codec_context.flush_buffers()
            newest: Arrival | None = None
            for one, came_in in due.pictures:
                queue.put(one.pts, came_in)
                for at, pts, image in self._images(one):
                    came = queue.take(pts, came_in, has_b_frames=video.codec_context.has_b_frames)
                    moment = Moment.at(came if at is None else clock.taken(at, came))
                    ready_at = time.monotonic() + SETTLE_SECONDS if catching_up else 0.0
                    newest = Arrival(image, moment.captured, moment.monotonic, ready_at)
            demand.behind = undecoded.behind
            if newest is not None:
                yield newest
            last = time.monotonic()

    def _live_transport_stream(self, demand: Demand) -> Iterator[Arrival]:
        """The pictures of a stream that is opened once more, for its bytes."""
        self._lost = self.lost
        self._transport_stream = reader = TransportStreamReader(
            self._name,
            self._encoder,
            self._max_megapixels,
            patience=self._patience,
            keyframe_seconds=self._keyframe_seconds,
        )
        self.close()
        self._open(FOR_BYTES)
        for packet in self._packets():
            yield from reader.feed(bytes(packet), time.monotonic(), demand)

    def _play(self, latest_reader: LatestReader, clock: PlayClock) -> Iterator[Arrival]:
        """Lap after lap, each picture when it is due; without viewers, only those that are requested."""
        while True:
            found = 0
            for packet in self._packets():
                if latest_reader.is_idle and not latest_reader.until_wanted():
                    return
                for at, _, image in self._images(packet):
                    found += 1
                    due = clock.due(at, time.monotonic())
                    if not latest_reader.pause(max(0.0, due - time.monotonic())):
                        return
                    yield Arrival(image, time.time() - (time.monotonic() - due), due)
            if not found:
                raise SourceError(reasons.nothing_complete(self._name))
            self.close()  # opening it again works with every container, which seeking does not
            self._open()
            clock.new_lap()

    def _packets(self) -> Iterator["Packet[VideoStream]"]:
        """Those of the video; the last is empty and makes the decoder give what it holds. Raises SourceError."""
        container, video = self._container, self._video
        assert container is not None  # opened before it is read
        began = time.monotonic()
        try:
            for packet in container.demux(video or container.streams[0]):
                if not packet.size:  # the end; it may be one that a failure made
                    self._raise_failure_of_body()
                yield cast("Packet[VideoStream]", packet)
                began = time.monotonic()
        except FFmpegError as error:
            self._raise_failure_of_body()
            reason = self._reason(error, time.monotonic() - began, opening=False)
            raise (Interrupted if reason == reasons.ended(self._name) else SourceError)(reason) from None
        if not isinstance(self._target, Path) and time.monotonic() - began >= self._patience:
            raise SourceError(reasons.silent(self._name, self._patience))

    def _images(
        self, packet: "Packet[VideoStream]"
    ) -> Iterator[tuple[float | None, int | None, bytes | Callable[[], bytes]]]:
        """What the packet yields, with its time in seconds and in ticks; what is damaged is counted and left out."""
        _, video = self._opened()
        if video.codec_context.name != "mjpeg":
            for frame in self._frames(packet):
                self._encoder.pixel_aspect = float(video.codec_context.sample_aspect_ratio or 1)
                yield frame.time, frame.pts, self._encoder.later(frame)
        elif packet.size:
            jpeg = _complete(bytes(packet))
            if packet.is_corrupt or jpeg is None:
                self._lost += 1
            else:
                yield _seconds(packet), packet.pts, jpeg

    def _frames(self, packet: "Packet[VideoStream]") -> list[VideoFrame]:
        _, video = self._opened()
        frames, lost = decoded(packet.decode, video.codec_context, self._limit)
        self._lost += lost
        return frames

    def _check_host(self, host: str) -> None:
        """FFmpeg says of a name that it cannot find no more than "Input/output error"."""
        try:
            if host:
                socket.getaddrinfo(host, None)
        except OSError as error:
            raise SourceError(reasons.refused(self._name, host, error)) from None
        except UnicodeError:  # an empty label, or one too long
            raise SourceError(reasons.unknown_host(self._name, host)) from None

    def _reason(self, error: FFmpegError, seconds: float, *, opening: bool) -> str:
        url = self._target if isinstance(self._target, MediaUrl) else None
        return failure_reason(
            error, self._name, url, self._content_type, patience=self._patience, seconds=seconds, opening=opening
        )


def _complete(data: bytes) -> bytes | None:
    try:
        return Jpeg.parse(data).data
    except JpegError:
        return None


def _seconds(packet: "Packet[VideoStream]") -> float | None:
    at = packet.dts if packet.pts is None else packet.pts
    return None if at is None else float(at * packet.time_base)
