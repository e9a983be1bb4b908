"""An application of Tornado's that refuses what Tornado itself would fail at, before there is a handler to answer."""

from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPInputError,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.web import Application


class StrictApplication(Application):
    """Every request goes through a StrictDelegate."""

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        """Called by Tornado."""
        return StrictDelegate(super().start_request(server_conn, request_conn))


class StrictDelegate(HTTPMessageDelegate):
    """Turns a ValueError of Tornado's own reading into what it does with a malformed request: 400, and the end."""

    def __init__(self, delegate: HTTPMessageDelegate) -> None:
        self._delegate = delegate

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> object:  # type: ignore[override]
        """Called by Tornado; a Host with a port of thousands of digits is no number to Python, for example."""
        try:
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
