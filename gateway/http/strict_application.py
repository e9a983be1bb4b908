"""A Tornado application that normalizes the target of a request, and refuses what Tornado itself would fail at."""

from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPInputError,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.web import Application

from gateway.http.request_target import normalized


class StrictApplication(Application):
    """Every request goes through a StrictDelegate."""

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        """Called by Tornado."""
        return StrictDelegate(super().start_request(server_conn, request_conn))


class StrictDelegate(HTTPMessageDelegate):
    """Normalizes the target, and turns a ValueError of Tornado's parsing into 400, as for any malformed request."""

    def __init__(self, delegate: HTTPMessageDelegate) -> None:
        self._delegate = delegate

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> object:  # type: ignore[override]
        """Called by Tornado. Python does not read a Host with a port of thousands of digits, for example."""
        try:
            if isinstance(start_line, RequestStartLine):
                target, host = normalized(start_line.path)
                start_line = start_line._replace(path=target)
                if host is not None:  # RFC 9112, section 3.2.2: it counts more than the Host header
                    headers["Host"] = host
            return self._delegate.headers_received(start_line, headers)
        except ValueError:
            raise HTTPInputError("Malformed request headers") from None

    def data_received(self, chunk: bytes) -> object:  # type: ignore[override]
        """Called by Tornado."""
        return self._delegate.data_received(chunk)

    def finish(self) -> None:
        """Called by Tornado."""
        self._delegate.finish()

    def on_connection_close(self) -> None:
        """Called by Tornado."""
        self._delegate.on_connection_close()
