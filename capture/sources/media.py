"""A camera behind a URL, or a file that stands in for one. JPEGs pass through untouched; other video is made JPEG.

What speaks to the camera is http_stream or av_stream; both run in the thread of a drain, so that no read here blocks.
"""

import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

from capture.media import reasons
from capture.media.file import check_file
from capture.media.http_stream import HttpStream
from capture.media.latest_reader import LatestReader, Stream
from capture.media.url import MediaUrl, UrlError, shown
from capture.rate_control import RateControl
from capture.source import READ_LIMIT_SECONDS, Picture, Source, SourceError
from framebus.config.size import Size

PATIENCE_SECONDS = 5.0
"""How long a camera may keep still, while it is opened and later."""
OPEN_SLACK_SECONDS = 0.5
"""The stream itself knows better why it does not open: its own limit shall end first."""


class MediaSource(Source):
    """A URL or a file, read by a thread of its own as fast as it comes; a file at the speed of its own times."""

    def __init__(
        self, target: str, size: Size, fps: float, quality: int, *, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        """`target` is a URL with :// or the absolute path of a file.

        Video that is no JPEG is encoded at `quality`, 1 to 100, and made smaller where it is larger than `size`. JPEGs
        are as the camera makes them; nor can a URL be asked for `fps`: thinning out is the pace's part.
        """
        self._target = target
        self._size = size
        self._quality = quality
        self._patience = patience_seconds
        self._stream: Stream | None = None
        self._latest_reader: LatestReader | None = None
        self._damaged_earlier = 0

    @property
    def name(self) -> str:
        """The URL without login and secrets, or the path."""
        return shown(self._target) if "://" in self._target else self._target

    def open(self) -> None:
        """Connect, within the patience; looking up the camera's address may take as long again.

        Raises SourceError.
        """
        if self._latest_reader is not None and not self._latest_reader.close(self._patience):
            raise SourceError(reasons.no_answer(self.name, self._patience))  # the attempt before still waits for one
        self._damaged_earlier = self.damaged
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
        wanted = rate_control.wait(READ_LIMIT_SECONDS)
        self.damaged = self._damaged_earlier + stream.lost
        if not wanted:
            latest_reader.check()
            return None
        arrival = latest_reader.take(max(0.0, deadline - time.monotonic()))
        if arrival is None:
            return None
        rate_control.taken()
        return Picture(arrival.jpeg(), arrival.captured, arrival.monotonic)

    def close(self) -> None:
        """Let go of the stream. One that hangs in FFmpeg is left to its thread, which ends when FFmpeg comes back."""
        if self._latest_reader is not None and self._latest_reader.close(READ_LIMIT_SECONDS):
            self._latest_reader = None

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
            return HttpStream(url, self.name, self._patience, lambda kind: self._over_pyav(url, kind))
        return self._over_pyav(url)

    def _play(self, file: Path) -> Stream:
        check_file(file, self.name)
        return self._over_pyav(file)

    def _over_pyav(self, target: MediaUrl | Path, content_type: str = "") -> Stream:
        try:
            from capture.media.av_stream import AvStream
        except ImportError:
            raise SourceError(reasons.no_pyav(self.name)) from None
        return AvStream(target, self.name, self._size, self._quality, self._patience, content_type)
