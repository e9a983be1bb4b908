"""Heads of HTTP responses as lenient as browsers and FFmpeg read them: http.client refuses some that cameras send."""

import http.client
import io
import re
from typing import cast

MAX_FIELDS = 90
"""http.client refuses more than 100 header lines."""
MAX_LINES = 5000
"""More than this is no head of a response."""
USED_FIELDS = (
    b"connection",
    b"content-encoding",
    b"content-length",
    b"content-type",
    b"location",
    b"set-cookie",
    b"transfer-encoding",
    b"www-authenticate",
)
"""Of more than MAX_FIELDS, these count."""
_STATUS = re.compile(rb"(?:ICY|HTTP(?:/[0-9.]*)?)[ \t]+([1-9][0-9]{2})(?![0-9])([^\r\n]*)", re.IGNORECASE)
"""SHOUTcast begins with "ICY 200 OK"."""
_INFORMATIONAL = re.compile(rb"HTTP/1\.[01] 1(?!01)")
INFORMATIONAL_LINE = b"HTTP/1.1 100 Continue\r\n"
"""Of the informational responses, http.client knows this one."""
EMPTY = (b"\r\n", b"\n")
_USUAL = re.compile(rb"HTTP/1\.[01] ")


class CameraResponse(http.client.HTTPResponse):
    """A response of which the head is read with _LenientLines."""

    def begin(self) -> None:
        """Called by http.client to read the head."""
        body = self.fp
        self.fp = cast(io.BufferedReader, _LenientLines(body))
        super().begin()
        self.fp = body


class _LenientLines:
    """The lines of a head, corrected as they are read."""

    def __init__(self, source: io.BufferedReader) -> None:
        self._source = source
        self._lines = 0
        self._awaits_status = True
        self._is_informational = False
        """Whether these are the lines of a 1xx response, which another one follows (RFC 9110, section 15.2)."""

    def readline(self, limit: int = -1) -> bytes:
        """The next line that counts."""
        while self._lines < MAX_LINES:
            line = self._source.readline(limit)
            self._lines += 1
            if line in EMPTY and self._awaits_status:  # ahead of the status line
                continue
            if self._awaits_status:
                line = status_line(line)
                self._is_informational = bool(_INFORMATIONAL.match(line))
                self._awaits_status = False
                return INFORMATIONAL_LINE if self._is_informational else line
            self._awaits_status = self._is_informational and line in EMPTY
            if self._lines <= MAX_FIELDS or not line.strip() or line.partition(b":")[0].strip().lower() in USED_FIELDS:
                return line
        raise http.client.HTTPException(f"got more than {MAX_LINES} headers")

    def close(self) -> None:
        """Close what is read: http.client does so after a failure."""
        self._source.close()

    def flush(self) -> None:
        """Called by http.client before it closes."""
        self._source.flush()


def status_line(line: bytes) -> bytes:
    """The first line as http.client knows it; any line that is no status line of HTTP as it is."""
    match = _STATUS.match(line)
    if match is None or _USUAL.match(line):
        return line
    return b"HTTP/1.0 %s%s\r\n" % (match[1], match[2])
