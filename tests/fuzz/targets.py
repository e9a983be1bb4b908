"""The parsers of framebus as fuzz targets: each takes any bytes, and fails when a parser breaks its contract."""

import io
import re
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qsl

from tornado.httputil import (
    HTTPHeaders,
    HTTPInputError,
    HTTPServerRequest,
    RequestStartLine,
    parse_request_start_line,
)

from capture.media.jpeg_parts import JpegParts, PartError
from framebus.config.load import ConfigError, parse
from framebus.protocol import recording, stills, wire
from framebus.protocol.controls import ControlsHeader
from framebus.protocol.recording import RecordingError, RecordingReader
from framebus.protocol.stills import ClipHeader, Request, RequestError
from framebus.protocol.viewers import ViewersHeader
from framebus.protocol.wire import ErrorHeader, FrameHeader, StatusHeader, WireError
from framebus.publishing.jpeg import Jpeg, JpegError
from gateway.net import request_head
from gateway.net.forwarded import client_of
from tests.fuzz.connection import fuzz_connection

HEADERS = (FrameHeader, StatusHeader, ErrorHeader, ViewersHeader, ClipHeader, ControlsHeader)
MAX_BODY_BYTES = 1000
TRUSTED = ("127.0.0.1", "10.0.0.0/8")


def fuzz_wire(data: bytes) -> None:
    """A message is refused with WireError, or what was read packs into a message that reads the same."""
    for kind in HEADERS:
        try:
            message, header = wire.parse(data, kind)
        except WireError:
            continue
        again = wire.pack(message.kind, message.camera, header, message.body)
        assert wire.parse(again, kind) == (wire.split(again), header)


def fuzz_stills(data: bytes) -> None:
    """A still request, as JSON and as the query of a URL, is refused with RequestError or has values in range."""
    query = dict(parse_qsl(data.decode("latin-1")))
    reads: list[Callable[[], Request]] = [
        lambda: stills.parse_request(data),
        lambda: stills.from_query("front", query),
    ]
    for read in reads:
        try:
            request = read()
        except RequestError:
            continue
        assert wire.is_camera_name(request.camera)


def fuzz_jpeg(data: bytes) -> None:
    """A picture is refused with JpegError, or is a JPEG with a size from its first byte to its last."""
    try:
        picture = Jpeg.parse(data)
    except JpegError:
        return
    assert picture.width > 0
    assert picture.height > 0
    assert picture.data.startswith(b"\xff\xd8")
    assert picture.data.endswith(b"\xff\xd9")


def fuzz_multipart(data: bytes) -> None:
    """Parts begin as a JPEG does, however the stream is cut into pieces; Jpeg.parse judges the rest of them."""
    for size in (1 + len(data) // 3, 7):
        parts = JpegParts()
        try:
            for at in range(0, len(data), size):
                for picture in parts.feed(data[at : at + size]):
                    assert picture.startswith(b"\xff\xd8")
                    fuzz_jpeg(picture)
            parts.end()
        except PartError:
            pass


def fuzz_forwarded(data: bytes) -> None:
    """The headers of a proxy never raise, and what they say is fit for a redirect and a log line."""
    headers = HTTPHeaders({"Host": "raspberrypi:8080"})
    for line in data.decode("latin-1").split("\n")[:20]:
        name, _, value = line.partition(":")
        if name.strip().isascii() and name.strip().replace("-", "").isalnum() and name.strip().lower() != "host":
            with suppress(HTTPInputError):  # Tornado refuses such a request by itself
                headers.add(name.strip(), value.strip("\r\0 "))
    request = HTTPServerRequest(start_line=RequestStartLine("GET", "/", "HTTP/1.1"), headers=headers)
    request.remote_ip = "127.0.0.1"
    client = client_of(request, TRUSTED)
    for text in (client.address, client.scheme, client.host, client.prefix):
        assert text.isascii()
        assert text.isprintable()
        assert not set(text) & set(" <>\"'\\")


def fuzz_config(data: bytes) -> None:
    """A table is refused with ConfigError, which names every mistake in a line, or gives a configuration."""
    try:
        table = tomllib.loads(data.decode())
    except (ValueError, RecursionError):
        return
    try:
        parse(table, Path("framebus.toml"), keys=False)
    except ConfigError as error:
        mistakes = str(error).splitlines()
    else:
        return
    assert mistakes
    assert all(line.isprintable() for line in mistakes)


def fuzz_head(data: bytes) -> None:
    """A head is refused with a sentence that quotes nothing, or Tornado reads it as it was judged."""
    read = re.search(request_head.COMPLETE_OR_TOO_LARGE, data)
    if read is None:
        return
    head = data[: read.end()]
    refused = request_head.refusal(head, MAX_BODY_BYTES)
    if refused is not None:
        assert refused.message.isascii()
        assert refused.message.isprintable()
        status_line, _, rest = request_head.answer(head, refused).partition(b"\r\n")
        assert status_line.startswith(b"HTTP/1.1 %d " % refused.status)
        fields, _, body = rest.partition(b"\r\n\r\n")
        assert b"\r\nConnection: close" in fields
        assert not body or refused.message.encode() in body
        return
    line, _, lines = head.lstrip(b"\r\n").decode("latin-1").partition("\n")
    start = parse_request_start_line(line.rstrip("\r"))
    headers = HTTPHeaders.parse(lines)
    assert start.method
    assert len(headers.get_list("Host")) <= 1
    assert not ("Content-Length" in headers and "Transfer-Encoding" in headers)
    lengths = {int(length) for length in headers.get("Content-Length", "0").split(",")}
    assert len(lengths) == 1
    assert max(lengths) <= MAX_BODY_BYTES


def fuzz_recording(data: bytes) -> None:
    """A file is no recording, or gives frames that are recorded again as they are, up to where it is damaged."""
    try:
        reader = RecordingReader(io.BytesIO(data), "file")
    except RecordingError:
        return
    for header, jpeg in reader:
        again = recording.MAGIC + recording.record(wire.pack("live", header.camera, header, jpeg))
        assert list(RecordingReader(io.BytesIO(again), "again")) == [(header, jpeg)]


TARGETS: dict[str, Callable[[bytes], None]] = {
    "wire": fuzz_wire,
    "stills": fuzz_stills,
    "jpeg": fuzz_jpeg,
    "multipart": fuzz_multipart,
    "forwarded": fuzz_forwarded,
    "config": fuzz_config,
    "head": fuzz_head,
    "connection": fuzz_connection,
    "recording": fuzz_recording,
}
