"""A connection of the gateway as a fuzz target: whatever a client sends, it gets answers of HTTP and then the end."""

import asyncio
import contextlib
import logging
import socket

from tornado.httpserver import HTTPServer
from tornado.web import RequestHandler

from gateway.http.strict_application import StrictApplication
from gateway.net import request_head
from gateway.net.request_stream import request_stream

MAX_BODY_BYTES = 1000
MAX_BUFFER_BYTES = 1024 * 1024
SECONDS = 20.0
"""A connection that takes longer hangs: every request here is answered at once, and the client has ended its side."""


class Echo(RequestHandler):
    """Answers with the length of the body."""

    def get(self) -> None:
        """Called by Tornado."""
        self.finish(f"{len(self.request.body)} bytes\n")

    post = get


class Unforeseen(logging.Handler):
    """Keeps what Tornado and asyncio log as a bug."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging."""
        self.found.append(record.getMessage() + str(record.exc_info))


_loop = asyncio.new_event_loop()


def fuzz_connection(data: bytes) -> None:
    """Answers follow each other, each of them complete, and no exception is unforeseen."""
    unforeseen = Unforeseen()
    loggers = [logging.getLogger(name) for name in ("tornado.application", "asyncio")]
    for logger in loggers:
        logger.addHandler(unforeseen)
    try:
        answers = _loop.run_until_complete(_talk(data))
    finally:
        for logger in loggers:
            logger.removeHandler(unforeseen)
    assert unforeseen.found == []
    assert not answers or answers.startswith(b"HTTP/1.1 ")
    assert b" 500 Internal" not in answers


async def _talk(data: bytes) -> bytes:
    """What a client gets that sends this, and then ends its side."""
    application = StrictApplication([("/.*", Echo)], log_function=lambda _: None)
    server = HTTPServer(application, max_body_size=MAX_BODY_BYTES)
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setblocking(False)
    stream = request_stream(ours, None, lambda: None, MAX_BUFFER_BYTES)
    stream.check_head = lambda head: request_head.refusal(head, MAX_BODY_BYTES)
    stream.max_body_bytes = MAX_BODY_BYTES
    stream.request_seconds = SECONDS
    server.handle_stream(stream, ("127.0.0.1", 1))
    reader, writer = await asyncio.open_connection(sock=theirs)
    with contextlib.suppress(ConnectionError):
        writer.write(data)
        await writer.drain()
        writer.write_eof()
    async with asyncio.timeout(SECONDS):
        try:
            answers = await reader.read()
        except ConnectionError:
            answers = b""
        writer.close()
        await server.close_all_connections()
    return answers
