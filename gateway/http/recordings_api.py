"""/api/cameras/NAME/recordings, and /camera/NAME/recordings/…: what is recorded, its files, and clips of it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from email.utils import formatdate

from tornado.iostream import StreamClosedError

from framebus.recordings.segment_name import SegmentName
from framebus.recordings.timeline import Segment
from gateway.cameras.recordings_reader import RecordingsReader, StoredFile
from gateway.http import still_headers
from gateway.http.byte_range import UnsatisfiableRangeError, byte_range, is_current
from gateway.http.camera_handler import CameraHandler
from gateway.http.recordings_query import clip_period, download_name, listed_period, longest_gap, wants
from gateway.net.errors import HttpError
from gateway.net.rate_limit import ConcurrencyLimitError

MATROSKA = "video/x-matroska"


class Recordings(CameraHandler):
    """/api/cameras/NAME/recordings: the times of which there are recordings."""

    async def get(self, name: str) -> None:
        """List the spans that touch the time in the query, and the files if they are wanted."""
        camera = self.feed(name).camera
        self.check_rate()
        query = self.query()
        period = listed_period(query)
        files = wants(query, "files")
        sizes = files or wants(query, "bytes", "1")
        recordings = self.services.recordings
        gap_seconds = longest_gap(query)
        found = await self.while_connected(
            recordings.listing(camera, period.begin, period.end, files=files, gap_seconds=gap_seconds, sizes=sizes)
        )
        spans = [
            {"begin": span.begin, "end": span.end, "keep": span.keep} | ({"bytes": span.bytes} if sizes else {})
            for span in found.spans
        ]
        listed = {"files": [self._file(camera, segment) for segment in found.files]} if files else {}
        self.set_header("Cache-Control", "no-store")
        answer = {"camera": camera, "spans": spans, **listed, "next": found.next}
        await self.while_connected(self.finish_listing(answer))

    head = get

    def _file(self, camera: str, segment: Segment) -> dict[str, object]:
        day, file = segment.path.parts[-2:]
        return {
            "url": f"{self.client.prefix}/camera/{camera}/recordings/{day}/{file}",
            "begin": segment.begin,
            "end": segment.end,
            "bytes": segment.bytes,
            "keep": segment.keep,
            "complete": not segment.is_open,
        }


class Download(CameraHandler):
    """A handler that sends a part of the recordings, piece by piece."""

    @property
    def recordings(self) -> RecordingsReader:
        """The folder."""
        return self.services.recordings

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place of this client, and one of all, while the block runs. Raises HttpError."""
        address, limit = self.client.address, self.services.concurrent_downloads
        try:
            with limit.slot(address), self.recordings.download():
                yield
        except ConcurrencyLimitError:
            message = f"{limit.maximum} downloads of recordings for {address} are in progress already"
            raise HttpError(429, "too-often", message) from None

    def describe(self, file_name: str, kind: str = MATROSKA) -> None:
        """Set the headers that every download has."""
        self.set_header("Content-Type", kind)
        self.set_header("Content-Disposition", f'attachment; filename="{file_name}"')
        self.set_header("Cache-Control", "no-store")

    def part(self, size: int, etag: str, changed_seconds: float) -> tuple[int, int]:
        """Set status and headers for a file of so many bytes, or the part of it that is asked for.

        Returns the first byte to send, and the one after the last.
        """
        modified = formatdate(changed_seconds, usegmt=True)
        for header, value in (("ETag", etag), ("Last-Modified", modified), ("Accept-Ranges", "bytes")):
            self.set_header(header, value)
        headers = self.request.headers
        if still_headers.matches(headers.get("If-None-Match", ""), etag):
            self.set_status(304)
            return 0, 0
        wanted = None
        if self.request.method == "GET" and is_current(headers.get("If-Range"), etag, modified):
            try:
                wanted = byte_range(headers.get("Range"), size)
            except UnsatisfiableRangeError:
                self.set_header("Content-Range", f"bytes */{size}")
                self.set_header("Content-Length", "0")
                self.set_status(416)
                return 0, 0
        begin, end = wanted or (0, size)
        if wanted is not None:
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {begin}-{end - 1}/{size}")
        self.set_header("Content-Length", str(end - begin))
        return begin, end

    async def send(self, pieces: AsyncIterator[bytes]) -> bool:
        """Send the pieces, each when the client has taken the one before, while it has the right to them.

        Returns whether the client has taken all of them.
        """
        try:
            async for piece in pieces:
                if not self.access.is_still_valid(self.identity):
                    raise HttpError(403, "forbidden", "the right to the recordings was taken away")
                self.write(piece)
                await self.flush()
            return True
        except StreamClosedError:  # the client has left
            pass
        except HttpError:  # the rest is gone: an incomplete file must not look like a complete one
            if not self._headers_written:
                raise
            self.detach().close()
        return False


class RecordedFile(Download):
    """/camera/NAME/recordings/DAY/FILE: a file as it is, or a range of its bytes."""

    async def get(self, name: str, day: str, file: str) -> None:
        """Send it."""
        camera = self.feed(name).camera
        self.check_rate()
        with self.place():
            stored = await self.while_connected(self.recordings.open_file(camera, day, file))
            try:
                begin, end = self._answer_head(stored, camera, day, file)
                if self.get_status() != 304 and self.request.method != "HEAD":
                    async with aclosing(self.recordings.read(stored, begin, end)) as pieces:
                        await self.send(pieces)
            finally:
                self.recordings.close_file(stored)

    head = get

    def _answer_head(self, stored: StoredFile, camera: str, day: str, file: str) -> tuple[int, int]:
        """Set status and headers; returns the first byte to send, and the one after the last."""
        named = SegmentName.parse(day, file)
        assert named is not None  # else it would not be open
        self.describe(download_name(camera, named.start, named.seconds))
        etag = f'"{stored.changed_ns:x}-{stored.bytes:x}"'
        return self.part(stored.bytes, etag, stored.changed_ns // 1_000_000_000)


class RecordedClip(Download):
    """/camera/NAME/recordings/clip.mkv: the frames of any time as one file."""

    async def get(self, name: str) -> None:
        """Make the file while it is sent. Its length is not known before its end."""
        camera = self.feed(name).camera
        self.check_rate()
        period = clip_period(self.query())
        with self.place():
            async with aclosing(self.recordings.clip(camera, period.begin, period.end)) as pieces:
                first = await self.while_connected(anext(pieces, b""))
                if not first:
                    when = f"from {period.begin:.3f} to {period.end:.3f}"
                    raise HttpError(404, "not-recorded", f"there is no recording of camera {camera} {when}")
                self.describe(download_name(camera, period.begin, period.end - period.begin))
                if self.request.method == "HEAD":
                    self.flush()  # before Tornado adds a Content-Length of 0
                    return
                self.write(first)
                await self.send(pieces)

    head = get
