"""A camera behind http:// or https:// that sends JPEGs: as multipart/x-mixed-replace, or one for each request.

Taking the body apart is jpeg_parts' work. Whatever else such a URL answers with is left to av_stream. FFmpeg's own
reader of multipart is not used: it wants a delimiter first and with dashes, knows image/jpeg alone, and without a
Content-Length hands a picture over only when the next one has begun.
"""

import contextlib
import http.client
import os
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from email.message import Message
from typing import IO, cast

from capture.media import reasons
from capture.media.jpeg_parts import JpegParts, PartError
from capture.media.latest_reader import Arrival, LatestReader, Stream
from capture.media.url import MediaUrl
from capture.source import SourceError
from framebus.errors import FramebusError

READ_BYTES = 256 * 1024
"""A read returns with what is there: this is a bound, not a wish."""
VAIN_PAUSE_SECONDS = 0.5
"""A camera that answered without a whole picture is not asked again at once."""
JPEG_TYPES = ("image/jpeg", "image/jpg", "image/pjpeg")
NO_VIDEO_TYPES = ("text/html", "application/xhtml+xml", "application/json")
"""Pages and messages; all others are shown to FFmpeg, since playlists travel as text/plain and the like."""


class HttpStream:
    """One request after another for snapshots, else one that does not end."""

    def __init__(self, url: MediaUrl, name: str, patience: float, other: Callable[[str], Stream]) -> None:
        """`patience` is in seconds; `other` makes the stream for a content type that is no JPEG."""
        self._url = url
        self._name = name
        self._patience = patience
        self._make_other = other
        self._other: Stream | None = None
        self._opener = _opener(url)
        self._response: http.client.HTTPResponse | None = None
        self._socket: socket.socket | None = None
        self._parts = JpegParts()
        self._newest_at = 0.0

    @property
    def lost(self) -> int:
        """Pictures that came, but damaged, so far."""
        return self._parts.damaged + (self._other.lost if self._other else 0)

    def open(self) -> None:
        """Ask, and see what comes. Raises SourceError."""
        kind = self._ask()
        if kind.startswith("multipart/") or kind in JPEG_TYPES:
            return
        self._hang_up()
        if kind in NO_VIDEO_TYPES or kind.startswith("image/"):
            raise SourceError(reasons.no_video(self._name, kind))
        self._other = self._make_other(kind)
        self._other.open()

    def arrivals(self, latest_reader: LatestReader) -> Iterator[Arrival]:
        """The pictures of the answer; where one answer is one picture, of as many as are wanted. Raises SourceError."""
        if self._other is not None:
            yield from self._other.arrivals(latest_reader)
            return
        self._newest_at = time.monotonic()
        response = self._response
        while response is not None:
            newest_at = self._newest_at
            yield from self._pictures(response)
            if response.headers.get_content_type() not in JPEG_TYPES:
                return
            response = self._next_snapshot(latest_reader, vain=self._newest_at == newest_at)

    def _next_snapshot(self, latest_reader: LatestReader, vain: bool) -> http.client.HTTPResponse | None:
        self._hang_up()
        if vain:
            self._check_stall()
            latest_reader.pause(VAIN_PAUSE_SECONDS)
        if not latest_reader.until_wanted():
            return None
        kind = self._ask()
        if kind not in JPEG_TYPES:
            raise SourceError(reasons.no_video(self._name, kind))
        return self._response

    def interrupt(self) -> None:
        """Break the connection off."""
        if self._other is not None:
            self._other.interrupt()
        connection = self._socket
        if connection is not None:
            with contextlib.suppress(OSError):  # it broke by itself, or was closed meanwhile
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up."""
        if self._other is not None:
            self._other.close()
        self._hang_up()

    def _ask(self) -> str:
        """Send the request; returns the content type of the answer."""
        request = urllib.request.Request(self._url.without_login, headers={"User-Agent": "framebus", "Accept": "*/*"})
        try:
            response = self._opener.open(request, timeout=self._patience)
        except urllib.error.HTTPError as error:
            error.close()
            raise SourceError(reasons.status(self._name, error.code, self._url.login is not None)) from None
        except urllib.error.URLError as error:
            raise SourceError(self._no_connection(error.reason)) from None
        except TimeoutError:
            raise SourceError(reasons.no_answer(self._name, self._patience)) from None
        except _UnknownLoginKind:
            raise SourceError(reasons.unknown_login_kind(self._name)) from None
        except ConnectionError as error:
            raise SourceError(reasons.refused(self._name, self._url.host, error)) from None
        except UnicodeError:  # an empty label, or one too long
            raise SourceError(reasons.unknown_host(self._name, self._url.host)) from None
        except (http.client.HTTPException, ValueError):
            raise SourceError(reasons.no_http(self._name)) from None
        self._response = cast(http.client.HTTPResponse, response)
        # A duplicate, since `interrupt` must not touch a response that another thread is reading.
        self._socket = socket.socket(fileno=os.dup(self._response.fileno()))
        return self._response.headers.get_content_type()

    def _no_connection(self, reason: object) -> str:
        if isinstance(reason, TimeoutError):
            return reasons.no_connection(self._name, self._patience)
        error = reason if isinstance(reason, OSError) else OSError(0, str(reason))
        return reasons.refused(self._name, self._url.host, error)

    def _pictures(self, response: http.client.HTTPResponse) -> Iterator[Arrival]:
        """Those of one answer, to its end."""
        while data := self._read(response):
            try:
                jpegs = self._parts.feed(data)
            except PartError as error:
                raise SourceError(f"{self._name}: sends {error}") from None
            captured, monotonic = time.time(), time.monotonic()
            for jpeg in jpegs:
                self._newest_at = monotonic
                yield Arrival(jpeg, captured, monotonic)
            self._check_stall()
        self._parts.end()

    def _check_stall(self) -> None:
        if time.monotonic() - self._newest_at > self._patience:
            raise SourceError(reasons.no_jpeg(self._name, self._patience))

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        try:
            return response.read1(READ_BYTES)
        except TimeoutError:
            raise SourceError(reasons.silent(self._name, self._patience)) from None
        except OSError as error:
            raise SourceError(reasons.refused(self._name, self._url.host, error)) from None
        except http.client.HTTPException:  # an answer in chunks that ends within one
            return b""

    def _hang_up(self) -> None:
        for held in (self._response, self._socket):
            if held is not None:
                held.close()
        self._response = self._socket = None


class _UnknownLoginKind(FramebusError):
    """The camera asks for neither basic nor digest."""


class _Digest(urllib.request.HTTPDigestAuthHandler):
    """The first to see a 401, also one of basic.

    urllib's own offers a refused password six times over, and cameras lock an account after five; and it forgets to
    close the answer that it replies to.
    """

    def http_error_401(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, hdrs: Message
    ) -> IO[bytes] | None:
        fp.close()
        if req.has_header(self.auth_header):
            raise urllib.error.HTTPError(req.full_url, code, msg, hdrs, fp)
        try:
            return super().http_error_401(req, fp, code, msg, hdrs)  # type: ignore[arg-type]
        except (ValueError, IndexError):  # the latter from urllib's own parser, for a header that says nothing
            raise _UnknownLoginKind from None


def _opener(url: MediaUrl) -> urllib.request.OpenerDirector:
    if url.login is None:
        return urllib.request.build_opener()
    logins = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    logins.add_password(None, url.root, *url.login)
    return urllib.request.build_opener(_Digest(logins), urllib.request.HTTPBasicAuthHandler(logins))
