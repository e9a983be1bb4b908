"""MJPEG over HTTP as bytes: the head of the response and its parts. No sockets.

The boundary and the order of the headers are mjpg-streamer's (output_http/httpd.c), because parsers in the field were
written against it. Each part carries Content-Length, which Mainsail and go2rtc insist on, and the next boundary in the
same write, without which a browser does not know that the picture is complete.
"""

CONTENT_TYPE = "multipart/x-mixed-replace;boundary=boundarydonotcross"
BOUNDARY_LINE = b"--boundarydonotcross\r\n"

UNCACHED = {
    "Cache-Control": "no-store, no-cache, must-revalidate, max-age=0, no-transform",
    "Pragma": "no-cache",
    "Expires": "Mon, 3 Jan 2000 12:34:56 GMT",
    "X-Accel-Buffering": "no",  # nginx would hold back pictures until its buffer is full
}
"""Headers of every picture: it is worth nothing a moment later."""

STREAM_HEADERS = {"Content-Type": CONTENT_TYPE, "Connection": "close", **UNCACHED}


def stream_head(more: dict[str, str]) -> bytes:
    """What goes out before the first part; not chunked, since some viewers do not understand that."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**STREAM_HEADERS, **more}.items())
    return b"HTTP/1.1 200 OK\r\n" + lines.encode() + b"\r\n" + BOUNDARY_LINE


STREAM_HEAD = stream_head({})


def part(jpeg: bytes, captured: float) -> bytes:
    """One part, up to and with the boundary that begins the next. `captured` is in Unix seconds."""
    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\nX-Timestamp: {captured:.6f}\r\n\r\n"
    return b"".join((head.encode(), jpeg, b"\r\n", BOUNDARY_LINE))
