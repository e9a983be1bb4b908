"""A Tornado application that normalizes the target of a request, and refuses what Tornado itself would fail at."""

import asyncio
from contextlib import suppress

from tornado.http1connection import HTTP1Connection
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import StreamClosedError
from tornado.log import gen_log
from tornado.web import Application

from gateway.http.request_target import normalized
from gateway.net.request_stream import MALFORMED, RequestStream


class StrictApplication(Application):
    """Every request goes through a StrictDelegate."""

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        """Called by Tornado."""
        return StrictDelegate(super().start_request(server_conn, request_conn), request_conn)


class StrictDelegate(HTTPMessageDelegate):
    """Normalizes the target, and answers a ValueError of Tornado's parsing with 400, as any malformed request.

    It answers by itself: only Tornado 6.5 and newer take an HTTPInputError from here, 6.4 logs it as a bug.
    """

    def __init__(self, delegate: HTTPMessageDelegate, connection: HTTPConnection) -> None:
        self._delegate = delegate
        self._connection = connection
        self._is_closed = False
        self._timer: asyncio.TimerHandle | None = None

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> object:  # type: ignore[override]
        """Called by Tornado. Python does not read a Host with a port of thousands of digits, for example."""
        try:
            if isinstance(start_line, RequestStartLine):
                target, host = normalized(start_line.path)
                start_line = start_line._replace(path=target)
                if host is not None:  # RFC 9112, section 3.2.2: it counts more than the Host header
                    headers["Host"] = host
                self._limit_time()
            return self._delegate.headers_received(start_line, headers)
        except ValueError:
            return self._refuse()

    def data_received(self, chunk: bytes) -> object:  # type: ignore[override]
        """Called by Tornado: also for chunks that had come before a body that took too long was given up.

        Its own delegate has thrown away what it would add them to, and fails.
        """
        return None if self._is_closed else self._delegate.data_received(chunk)

    def finish(self) -> None:
        """Called by Tornado, when the body is complete."""
        self._stop_timer()
        if not self._is_closed:
            self._delegate.finish()

    def on_connection_close(self) -> None:
        """Called by Tornado, also for a request that was given up."""
        self._stop_timer()
        if not self._is_closed:
            self._is_closed = True
            self._delegate.on_connection_close()

    def _limit_time(self) -> None:
        """Give a body up that does not come to its end."""
        stream = getattr(self._connection, "stream", None)
        if isinstance(stream, RequestStream) and stream.request_seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(stream.request_seconds, self._give_up, stream)

    def _give_up(self, stream: RequestStream) -> None:
        self.on_connection_close()
        self._late = asyncio.ensure_future(stream.refuse_late())

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _refuse(self) -> None:
        assert isinstance(self._connection, HTTP1Connection)  # the only one that Tornado's server has
        gen_log.info("Malformed HTTP message from %s: Malformed request headers", self._connection.context)
        stream = self._connection.detach()
        with suppress(StreamClosedError):
            await stream.write(MALFORMED)
        stream.close()
