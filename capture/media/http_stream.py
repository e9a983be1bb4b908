"""A camera behind http:// or https:// that sends JPEGs: as multipart/x-mixed-replace, or one for each request.

A request may also be answered with a PNG or the like, which is made JPEG.

Taking the body apart is jpeg_parts' work. What the body is, its first bytes decide, not its Content-Type: cameras label
pictures as text and streams as pictures. Whatever else such a URL answers with is left to av_stream. FFmpeg's own
reader of multipart is not used: it wants a delimiter first and with dashes, knows image/jpeg alone, and without a
Content-Length hands a picture over only when the next one has begun.
"""

import contextlib
import http.client
import re
import socket
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Literal, Protocol, cast

from capture.media import reasons
from capture.media.annexb import codec_of
from capture.media.burst import Burst
from capture.media.compressed_body import PACKED, CompressedBody
from capture.media.dropping import Dropping
from capture.media.http_request import Answer, HttpRequests
from capture.media.jpeg_parts import MAX_AHEAD_BYTES, MAX_PART_BYTES, JpegParts, PartError, too_large
from capture.media.latest_reader import Arrival, Interrupted, LatestReader, Stream
from capture.media.mpegts import PACKET_BYTES, SYNC
from capture.media.picture_decoder import HEAD_BYTES, PictureDecoder, is_picture
from capture.media.tls import CameraTls
from capture.media.url import MediaUrl
from capture.source import SourceError
from framebus.publishing.jpeg import Jpeg, JpegError

if TYPE_CHECKING:
    from capture.media.raw_video import RawVideoReader
    from capture.media.transport_stream import TransportStreamReader

    VideoReader = TransportStreamReader | RawVideoReader

READ_BYTES = 256 * 1024
"""A read returns what is there, and at most this much."""
RETRY_PAUSE_SECONDS = 0.5
"""A camera that answered without a complete picture, or refused, is not asked again at once."""
MORE_SECONDS = 1.0
"""How long an answer without a length may go on with another picture, before it counts as one picture."""
PICTURE_PAUSE_SECONDS = 0.05
"""When nothing has come for so long, a picture of video without a container is complete."""
JPEG_TYPES = ("image/jpeg", "image/jpg", "image/pjpeg", "image/jfif")
NO_VIDEO_TYPES = ("text/html", "application/xhtml+xml", "application/json")
"""Pages and messages; all others are shown to FFmpeg, since playlists travel as text/plain and the like."""

_PART_HEAD = re.compile(
    rb"\s*(?:--[^\n]{1,200}\r?\n|[!-~]{1,100}\r?\n(?=content-))|\s*content-(?:type|length)\s*:", re.IGNORECASE
)

PLAYLIST = re.compile(rb"\s*(?:\xef\xbb\xbf)?(?:#EXTM3U|<\?xml|<MPD|\[playlist\])", re.IGNORECASE)
"""How HLS, DASH and others begin."""

LOOKED_INTO = ("jpeg", "mp2t", "mpeg", "264", "265", "hevc", "avc")
"""Of the video types, those that have these words are judged by their first 1024 bytes, others by what comes first."""

Body = Literal["multipart", "jpeg", "picture", "transport stream", "raw video", "other", "unknown"]
PICTURES: tuple[Body, ...] = ("multipart", "jpeg", "picture")


def body_kind(content_type: str, begin: bytes) -> Body:
    """What a body is by its first bytes; `unknown` where there are too few to tell, or they tell nothing."""
    if content_type.startswith("multipart/"):
        return "multipart"
    if len(begin) > PACKET_BYTES and all(byte == SYNC for byte in begin[::PACKET_BYTES]):
        return "transport stream"
    if codec_of(begin):
        return "raw video"
    if b"\xff\xd8\xff" in begin[: MAX_AHEAD_BYTES + 3]:
        return "multipart" if _PART_HEAD.match(begin) else "jpeg"
    if _PART_HEAD.match(begin):
        return "multipart"
    if is_picture(begin):
        return "picture"
    if content_type in JPEG_TYPES:
        return "jpeg" if len(begin) >= HEAD_BYTES else "unknown"
    return "unknown" if len(begin) < MAX_AHEAD_BYTES else "other"


class HttpBody:
    """What comes of one answer, for FFmpeg, through which no exception passes: a failure is kept, and ends the body."""

    def __init__(self, begin: bytes, read: Callable[[int], bytes]) -> None:
        """`begin` was read before; `read` gives the rest, as HttpStream's does."""
        self.failure: SourceError | None = None
        self._begin = begin
        self._read = read

    def read(self, size: int) -> bytes:
        """At most so many bytes, waiting for the first; empty at the end, and after a failure."""
        if self._begin:
            data, self._begin = self._begin[:size], self._begin[size:]
            return data
        if self.failure is not None:
            return b""
        try:
            return self._read(size)
        except SourceError as failure:
            self.failure = failure
            return b""


class Requests(Protocol):
    """What asks a camera."""

    def get(self) -> Answer:
        """Ask. Raises SourceError."""


class HttpStream:
    """One request after another for single pictures, else one that does not end."""

    def __init__(
        self,
        url: MediaUrl,
        name: str,
        patience: float,
        other: Callable[[str, Answer, HttpBody | None], Stream],
        tls: CameraTls,
        decoder: PictureDecoder,
        video_reader: Callable[[str], "VideoReader"],
        requests: Requests | None = None,
        parts: JpegParts | None = None,
    ) -> None:
        """`patience` is in seconds; `other` makes the stream for a body that is no picture, which it gets if
        that does not end; `video_reader` reads raw video of a codec, or without one a transport stream.
        `requests` asks otherwise than with HTTP; `parts` finds the pictures in a body.
        """
        self._decoder, self._make_video_reader = decoder, video_reader
        self._video_reader: VideoReader | None = None
        self._part_reader: RawVideoReader | None = None
        self._name, self._patience = name, patience
        self._make_other = other
        self._other: Stream | None = None
        self._requests = requests or HttpRequests(url, name, patience, tls)
        self._host = url.host
        self._answer: Answer | None = None
        self._begin = b""
        """What was read of the body to tell its kind."""
        self._body: Body = "unknown"
        self._parts = parts or JpegParts()
        self._compressed: CompressedBody | None = None
        self._damaged, self._newest_at = 0, 0.0
        self._asked = 0.0, 0.0
        """Wall clock and monotonic clock of the last request."""

    @property
    def lost(self) -> int:
        """Pictures that came, but damaged, so far."""
        return self._parts.damaged + self._damaged + (self._video.lost if self._video else 0)

    @property
    def repairs(self) -> Counter[str]:
        """What was wrong with the framing so far, and did not matter."""
        return self._parts.repairs + Counter(self._video.repairs if self._video else {})

    @property
    def waiting(self) -> str:
        """Why there is no picture yet, although data come."""
        return self._video.waiting if self._video else ""

    @property
    def _video(self) -> "Stream | VideoReader | None":
        return self._other or self._video_reader or self._part_reader

    def open(self) -> None:
        """Ask, and see what comes. Raises SourceError."""
        self._parts.reset()
        self._damaged += self._video.lost if self._video else 0
        self._other = self._video_reader = self._part_reader = None
        kind = self._ask()
        answer = self._answer
        assert answer is not None  # just asked
        is_live = answer.response.length is None
        if self._body in PICTURES or (self._body in ("transport stream", "raw video") and is_live):
            if self._body not in PICTURES:
                self._video_reader = self._make_video_reader(codec_of(self._begin))
            return
        if kind in NO_VIDEO_TYPES or kind.startswith("image/"):
            self._hang_up()
            raise SourceError(reasons.no_video(self._name, kind))
        body = HttpBody(self._begin, partial(self._read, answer.response)) if is_live else None
        if body is None or PLAYLIST.match(self._begin):  # FFmpeg asks for parts of them
            self._hang_up()
            body = None
        self._other = self._make_other(kind, answer, body)
        self._other.open()

    def arrivals(self, latest_reader: LatestReader) -> Iterator[Arrival]:
        """The pictures of the answer; where one answer is one picture, of as many as are wanted. Raises SourceError."""
        if self._other is not None:
            yield from self._other.arrivals(latest_reader)
            return
        if self._video_reader is not None:
            yield from self._moving(self._answer, self._video_reader, latest_reader)
            return
        self._newest_at = time.monotonic()
        while True:
            newest_at = self._newest_at
            yield from (
                self._picture(self._answer) if self._body == "picture" else self._pictures(self._answer, latest_reader)
            )
            self._hang_up()
            if self._body == "multipart" or not self._until_next(latest_reader, has_new=self._newest_at != newest_at):
                return
            kind = self._ask()
            if self._body not in PICTURES:
                raise SourceError(reasons.no_video(self._name, kind))

    def _until_next(self, latest_reader: LatestReader, *, has_new: bool) -> bool:
        """Wait until the next picture is wanted; returns whether to go on."""
        if not has_new:
            self._check_stall()
            latest_reader.pause(RETRY_PAUSE_SECONDS)
        if not latest_reader.until_wanted():
            return False
        if has_new:  # a camera that rested while no picture was wanted has not stalled
            self._newest_at = time.monotonic()
        return True

    def interrupt(self) -> None:
        """Break the connection off."""
        if self._other is not None:
            self._other.interrupt()
        answer = self._answer
        if answer is not None:
            with contextlib.suppress(OSError):  # it broke by itself, or was closed meanwhile
                answer.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up."""
        if self._other is not None:
            self._other.close()
        self._hang_up()

    def _ask(self) -> str:
        """Send the request, and read as much as tells what comes; returns the content type of the answer."""
        self._asked = time.time(), time.monotonic()
        self._answer = answer = self._requests.get()
        is_packed = answer.response.headers.get("Content-Encoding", "").strip().lower() in PACKED
        self._compressed = CompressedBody(answer.response.read1) if is_packed else None
        kind = answer.response.headers.get_content_type() if answer.response.headers.get("Content-Type") else ""
        self._begin, self._body = b"", body_kind(kind, b"")
        self._parts.timestamp = answer.response.headers.get("X-Timestamp", "").encode()
        if self._body == "multipart" and not answer.response.chunked:
            answer.response.length = None  # some cameras give one to an answer that does not end
        may_wait = not kind.startswith(("video/", "audio/")) or any(known in kind for known in LOOKED_INTO)
        while self._body == "unknown":
            data = self._read(answer.response)
            self._begin += data
            self._body = body_kind(kind, self._begin) if data else "jpeg" if kind in JPEG_TYPES else "other"
            if self._body == "unknown" and not may_wait:
                self._body = "other"
        if answer.is_endless:
            self._body = "multipart" if self._body == "jpeg" else self._body
            return ""
        return kind or "a body without a type"

    def _moving(self, answer: Answer | None, reader: "VideoReader", latest_reader: LatestReader) -> Iterator[Arrival]:
        """The pictures of a transport stream or of raw video that does not end."""
        assert answer is not None  # just asked
        begun = time.monotonic()
        data = self._begin
        while data or (data := self._read(answer.response)):
            for arrival in reader.feed(data, time.monotonic(), latest_reader):
                begun = 0.0
                yield arrival
            data = b""
            if reader.may_be_complete and not self._has_more(answer, PICTURE_PAUSE_SECONDS):
                begun = 0.0
                yield from reader.pause(latest_reader)
            if begun and not reader.waiting and time.monotonic() - begun > self._patience:
                raise SourceError(reasons.no_video_in_transport_stream(self._name))

    def _picture(self, answer: Answer | None) -> Iterator[Arrival]:
        """The one picture, no JPEG, that an answer is."""
        assert answer is not None  # just asked
        data = bytearray(self._begin)
        while more := self._read(answer.response):
            data += more
            if len(data) > MAX_PART_BYTES:
                raise SourceError(f"{self._name}: sends {too_large(len(data))}")
        jpeg = self._decoder.jpeg(bytes(data))
        if jpeg is None:
            self._damaged += 1
            return
        self._newest_at = time.monotonic()
        yield Arrival(jpeg, *self._asked)

    def _pictures(self, answer: Answer | None, latest_reader: LatestReader) -> Iterator[Arrival]:
        """Those of one answer, to its end."""
        assert answer is not None  # just asked
        pictures, data = 0, self._begin
        dropping = Dropping(answer, is_compressed=self._compressed is not None)
        came = (time.time(), time.monotonic())
        """When the newest bytes came, on both clocks."""
        burst = Burst(came[1])
        while data or (data := self._read_more(answer, pictures)):
            try:
                jpegs = self._parts.feed(data)
            except PartError as error:
                raise SourceError(f"{self._name}: sends {error}") from None
            data = b""
            before, came = came, (time.time(), time.monotonic())
            monotonic = came[1]
            burst.note_read(monotonic, dropping.period)
            is_still = self._body == "jpeg" and not pictures and bool(jpegs) and self._is_one_picture(answer, jpegs[0])
            for number, jpeg in enumerate(jpegs[:1] if is_still else jpegs):
                pictures += 1
                self._newest_at = monotonic
                dropping.note_picture(monotonic, latest_reader)
                moment = before if self._parts.ended_by_next and number == 0 else came
                # A still may have been taken at any moment since its request: the earliest one is claimed.
                yield Arrival(jpeg, *(self._asked if is_still else moment), ready_at=burst.ready_at(monotonic))
            if is_still:
                self._parts.reset()
                return
            if self._parts.others and not pictures:
                yield from self._other_parts(came, latest_reader)
            self._parts.others.clear()
            self._check_stall()
            if self._parts.may_skip and dropping.is_due(latest_reader):
                self._parts.skip()
                if not dropping.drop(latest_reader, self._patience):
                    raise SourceError(reasons.silent(self._name, self._patience))
                self._newest_at = time.monotonic()
                burst.skip_to(self._newest_at)
        for jpeg in self._parts.end(complete=not answer.response.length):
            self._newest_at = time.monotonic()
            yield Arrival(jpeg, time.time(), self._newest_at)

    def _other_parts(self, came: tuple[float, float], latest_reader: LatestReader) -> Iterator[Arrival]:
        """Those of a multipart body that has H.264, H.265, PNG or the like in its parts."""
        for unit in self._parts.others:
            if is_picture(unit):
                self._newest_at = came[1]
                yield Arrival(partial(self._converted, unit), *came)
                continue
            codec = codec_of(unit)
            if self._part_reader is None and codec:
                self._part_reader = cast("RawVideoReader", self._make_video_reader(codec))
            if self._part_reader is None:
                continue
            yield from self._part_reader.feed_picture(unit, came[1], latest_reader)
            self._newest_at = came[1]  # the reader itself tells when no picture comes of them

    def _converted(self, picture: bytes) -> bytes:
        """A picture of another kind as JPEG; a damaged one as it is, which counts as none."""
        return self._decoder.jpeg(picture) or picture

    def _read_more(self, answer: Answer, pictures: int) -> bytes:
        """The next piece of the body; empty at its end, or when one picture without a length was all."""
        may_be_all = self._body == "jpeg" and pictures == 1 and not self._parts.inside_picture
        if may_be_all and not self._has_more(answer, MORE_SECONDS):
            return b""
        return self._read(answer.response)

    def _is_one_picture(self, answer: Answer, jpeg: bytes) -> bool:
        """Whether the answer is one picture, perhaps with a gain map behind it, and not a stream of them end to end."""
        if answer.response.headers.get("Content-Length", "").isdigit():
            return True
        try:
            return Jpeg.parse(jpeg).has_more_pictures
        except JpegError:
            return False

    def _check_stall(self) -> None:
        if reason := self._parts.stall(self._name, time.monotonic() - self._newest_at, self._patience):
            raise SourceError(reason)

    def _read(self, response: http.client.HTTPResponse, size: int = READ_BYTES) -> bytes:
        """At most `size` bytes of the body, also of one that is compressed: FFmpeg has no room for more."""
        try:
            return self._compressed.read(size) if self._compressed else response.read1(size)
        except zlib.error:
            raise SourceError(reasons.bad_compression(self._name)) from None
        except TimeoutError:
            raise SourceError(reasons.silent(self._name, self._patience)) from None
        except OSError as error:
            raise Interrupted(reasons.refused(self._name, self._host, error)) from None
        except http.client.HTTPException:  # an answer in chunks that ends within one
            return b""

    def _has_more(self, answer: Answer, seconds: float) -> bool:
        """Whether a read would return at once, or within so many seconds."""
        return bool(self._compressed and self._compressed.holds_bytes) or answer.has_more(seconds)

    def _hang_up(self) -> None:
        if self._answer is not None:
            self._answer.close()
        self._answer = None
