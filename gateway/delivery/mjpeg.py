"""MJPEG over HTTP as bytes: the head of the response and its parts. No sockets.

The boundary and the order of the headers are those of mjpg-streamer (output_http/httpd.c), which existing parsers were
written for. Each part has a Content-Length, which Mainsail and go2rtc require, and is written together with the next
boundary, which tells a browser that the picture is complete.
"""

CONTENT_TYPE = "multipart/x-mixed-replace;boundary=boundarydonotcross"
BOUNDARY_LINE = b"--boundarydonotcross\r\n"

UNCACHED = {
    "Cache-Control": "no-store, no-cache, must-revalidate, max-age=0, no-transform",
    "Pragma": "no-cache",
    "Expires": "Mon, 3 Jan 2000 12:34:56 GMT",
    "X-Accel-Buffering": "no",  # nginx would delay pictures until its buffer is full
}
"""Headers of every picture, which must not be cached."""

STREAM_HEADERS = {"Content-Type": CONTENT_TYPE, "Connection": "close", **UNCACHED}


def stream_head(more: dict[str, str]) -> bytes:
    """Return what is sent before the first part; not chunked, as some viewers cannot read that."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**STREAM_HEADERS, **more}.items())
    return b"HTTP/1.1 200 OK\r\n" + lines.encode() + b"\r\n" + BOUNDARY_LINE


STREAM_HEAD = stream_head({})


def part(jpeg: bytes | memoryview, captured: float) -> bytes:
    """Return one part, with the boundary that begins the next. `captured` is in Unix seconds."""
    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\nX-Timestamp: {captured:.6f}\r\n\r\n"
    return b"".join((head.encode(), jpeg, b"\r\n", BOUNDARY_LINE))
