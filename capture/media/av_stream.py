"""Whatever FFmpeg can read, over PyAV: live streams such as RTSP, and recordings, which are played and begin again.

JPEG packets are passed on untouched; everything else is decoded, and made JPEG only for the pictures that are wanted.
This module needs the extra `av`: media imports it when it must.
"""

import errno
import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import av
import av.logging
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from PIL import Image

from capture.jpeg import Jpeg, JpegError
from capture.media import reasons
from capture.media.file import check_file
from capture.media.latest_reader import Arrival, LatestReader
from capture.media.play_clock import PlayClock
from capture.media.url import MediaUrl
from capture.source import SourceError
from framebus.config.size import Size

USUAL_FPS = 25
"""Of a recording that does not say, as FFmpeg itself assumes."""
ANALYZE_SECONDS = 1
"""FFmpeg's default of 5 s makes a camera start slowly. `nobuffer`, often advised, makes it worse: what was analysed is
thrown away, and with it the key frame, so that nothing can be decoded until the next one."""
RTSP_OPTIONS = {"rtsp_transport": "tcp"}
"""UDP, the default, loses packets, and with them the pictures up to the next key frame."""
HOSTLESS_SCHEMES = ("udp", "rtp")
"""Their host is one's own, or a group."""
TEXT_CODECS = ("ansi", "bintext", "idf", "xbin")
"""FFmpeg draws a text file as a terminal would: not what anybody means by a camera."""
STATUS_OF = {
    "HTTPBadRequestError": 400,
    "HTTPUnauthorizedError": 401,
    "HTTPForbiddenError": 403,
    "HTTPNotFoundError": 404,
    "HTTPServerError": 500,
}
"""FFmpeg has an error of its own for each of these answers, in RTSP as in HTTP."""


def _lenient_metadata() -> dict[str, Any]:
    """The arguments of `av.open` with which a title in another encoding is no error.

    PyAV up to 18 decodes metadata strictly unless told otherwise; PyAV 19 no longer takes `metadata_errors` and is
    lenient by itself. `av.open` is compiled and has no signature to inspect, so one call that opens nothing decides:
    an unknown argument is a TypeError, an empty name is FFmpeg's error.
    """
    asked: dict[str, Any] = {"metadata_errors": "replace"}
    try:
        av.open("", "r", **asked)
    except TypeError:
        return {}
    except FFmpegError:
        return asked
    return asked


LENIENT_METADATA = _lenient_metadata()


class AvStream:
    """One URL or file. A URL with a known duration is a recording, like a file."""

    def __init__(
        self, target: MediaUrl | Path, name: str, size: Size, quality: int, patience: float, content_type: str = ""
    ) -> None:
        """`patience` is in seconds; `content_type` is what the server said that lies there, if it was asked."""
        self.lost = 0
        self._target = target
        self._name = name
        self._size = size
        self._quality = quality
        self._patience = patience
        self._content_type = content_type
        self._reformatter = VideoReformatter()
        self._container: InputContainer | None = None
        self._video: VideoStream | None = None

    def open(self) -> None:
        """Raises SourceError."""
        av.logging.set_level(None)  # FFmpeg would write to stderr, and what it writes holds the URL
        if isinstance(self._target, MediaUrl) and self._target.scheme not in HOSTLESS_SCHEMES:
            self._check_host(self._target.host)
        self._open()

    def arrivals(self, latest_reader: LatestReader) -> Iterator[Arrival]:
        """Pictures as they come, or as they are due. Raises SourceError."""
        container, video = self._opened()
        if isinstance(self._target, Path) or (container.duration or 0) > 0:
            return self._play(latest_reader, PlayClock(1 / float(video.average_rate or USUAL_FPS)))
        return self._live()

    def interrupt(self) -> None:
        """FFmpeg cannot be woken from outside: it comes back when something arrives, or its patience ends."""

    def close(self) -> None:
        """Let go of the container and its decoder."""
        if self._container is not None:
            self._container.close()
        self._container = self._video = None

    def _open(self) -> None:
        if isinstance(self._target, Path):
            check_file(self._target, self._name)
        target = str(self._target) if isinstance(self._target, Path) else self._target.text
        options = {} if isinstance(self._target, Path) else {"analyzeduration": str(ANALYZE_SECONDS * 1_000_000)}
        if target.startswith("rtsp"):
            options |= RTSP_OPTIONS
        began = time.monotonic()
        try:
            self._container = av.open(
                target, "r", options=options, timeout=(self._patience, self._patience), **LENIENT_METADATA
            )
        except FFmpegError as error:
            raise SourceError(self._reason(error, time.monotonic() - began, opening=True)) from None
        self._video = self._choose(self._container)

    def _choose(self, container: InputContainer) -> VideoStream:
        if not container.streams.video:
            kinds = sorted({stream.type for stream in container.streams})
            raise SourceError(reasons.no_pictures(self._name, " and ".join(kinds) or "nothing"))
        video = container.streams.video[0]
        if getattr(video, "codec_context", None) is None:
            raise SourceError(reasons.no_decoder(self._name))
        if video.codec_context.name in TEXT_CODECS:
            raise SourceError(reasons.not_understood(self._name))
        video.codec_context.thread_type = "SLICE"  # threads by frame would hold a frame back each
        return video

    def _opened(self) -> tuple[InputContainer, VideoStream]:
        assert self._container is not None  # opened before it is read
        assert self._video is not None
        return self._container, self._video

    def _live(self) -> Iterator[Arrival]:
        for packet in self._packets():
            captured, monotonic = time.time(), time.monotonic()
            for _, image in self._images(packet):
                yield Arrival(image, captured, monotonic)

    def _play(self, latest_reader: LatestReader, clock: PlayClock) -> Iterator[Arrival]:
        """Lap after lap, each picture when it is due."""
        while True:
            found = 0
            for packet in self._packets():
                for at, image in self._images(packet):
                    found += 1
                    due = clock.due(at, time.monotonic())
                    if not latest_reader.pause(max(0.0, due - time.monotonic())):
                        return
                    yield Arrival(image, time.time() - (time.monotonic() - due), due)
            if not found:
                raise SourceError(reasons.nothing_whole(self._name))
            self.close()  # opening anew works with every container, which seeking does not
            self._open()
            clock.new_lap()

    def _packets(self) -> Iterator["Packet[VideoStream]"]:
        """Those of the video; the last is empty and makes the decoder give what it holds. Raises SourceError."""
        container, video = self._opened()
        began = time.monotonic()
        try:
            for packet in container.demux(video):
                yield packet
                began = time.monotonic()
        except FFmpegError as error:
            raise SourceError(self._reason(error, time.monotonic() - began, opening=False)) from None
        if not isinstance(self._target, Path) and time.monotonic() - began >= self._patience:
            raise SourceError(reasons.silent(self._name, self._patience))

    def _images(self, packet: "Packet[VideoStream]") -> Iterator[tuple[float | None, bytes | Callable[[], bytes]]]:
        """What the packet yields, each with its seconds into the stream; what is damaged is counted and left out."""
        _, video = self._opened()
        if video.codec_context.name != "mjpeg":
            for frame in self._frames(packet):
                yield frame.time, partial(_encode, frame, self._reformatter, self._size, self._quality)
        elif packet.size:
            jpeg = bytes(packet)
            if packet.is_corrupt or not _is_whole(jpeg):
                self.lost += 1
            else:
                yield _seconds(packet), jpeg

    def _frames(self, packet: "Packet[VideoStream]") -> list[VideoFrame]:
        try:
            frames = packet.decode()
        except FFmpegError:
            self.lost += 1
            return []
        whole = [frame for frame in frames if not frame.is_corrupt]
        self.lost += len(frames) - len(whole)
        return whole

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
        """FFmpeg's text with the URL is never used: it holds the login."""
        url = self._target if isinstance(self._target, MediaUrl) else None
        kind = type(error).__name__
        vague = isinstance(error, OSError) and error.errno == errno.EIO
        if kind == "ExitError" or (url is not None and seconds >= self._patience):
            return (reasons.no_answer if opening else reasons.silent)(self._name, self._patience)
        if kind in STATUS_OF:
            return reasons.status(self._name, STATUS_OF[kind], url is not None and url.login is not None)
        if opening and self._content_type and (vague or kind == "InvalidDataError"):
            return reasons.no_video(self._name, self._content_type)
        if opening and kind == "InvalidDataError":
            return reasons.not_understood(self._name)
        if isinstance(error, OSError) and not vague:
            if url is None:
                return reasons.unreadable_file(self._name, error)
            return reasons.refused(self._name, url.host, error)
        if url is not None and vague and not opening:  # what HTTP without a length ends with
            return reasons.ended(self._name)
        return reasons.ffmpeg(self._name, error.strerror or kind)


def _is_whole(jpeg: bytes) -> bool:
    try:
        Jpeg.parse(jpeg)
    except JpegError:
        return False
    return True


def _seconds(packet: "Packet[VideoStream]") -> float | None:
    at = packet.dts if packet.pts is None else packet.pts
    return None if at is None else float(at * packet.time_base)


def _encode(frame: VideoFrame, reformatter: VideoReformatter, size: Size, quality: int) -> bytes:
    """The frame as JPEG, made smaller where it is larger than `size`; its shape stays.

    PyAV's own `to_image` copies the pixels three times, into new memory each: measured at 720p, 10 ms instead of 2.5.
    """
    scale = min(1.0, size.width / frame.width, size.height / frame.height)
    width, height = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    plane = reformatter.reformat(frame, width, height, "rgb24").planes[0]
    pixels = cast(bytes, plane)  # any buffer will do, but Pillow's types do not say so
    image = Image.frombuffer("RGB", (width, height), pixels, "raw", "RGB", plane.line_size, 1)
    file = BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()
