"""A camera behind tcp:// that sends its video to each client, as rpicam-vid --listen and raspivid -l do.

Nothing is asked: what comes is read by http_stream as the body of an answer without headers.
"""

import contextlib
import http.client
import io
import os
import socket
from typing import cast

from capture.media import reasons
from capture.media.http_request import Answer
from capture.media.latest_reader import Interrupted
from capture.media.url import MediaUrl
from capture.source import SourceError

HEAD = b"HTTP/1.0 200 OK\r\n\r\n"
"""For http.client, which reads the body by its rules."""


class TcpConnections:
    """Connects to one URL, again and again, in place of HttpRequests."""

    def __init__(self, url: MediaUrl, name: str, patience: float) -> None:
        """`patience` is in seconds, for each wait."""
        self._url = url
        self._name = name
        self._patience = patience

    def get(self) -> Answer:
        """Connect. Raises SourceError."""
        host, port = self._url.host, self._url.port
        if port is None:
            raise SourceError(reasons.no_url(self._name, "it has no port; allowed: tcp://HOST:PORT"))
        try:
            plain = socket.create_connection((host, port), self._patience)
        except TimeoutError:
            raise SourceError(reasons.no_connection(self._name, self._patience)) from None
        except UnicodeError:  # an empty label, or one too long
            raise SourceError(reasons.unknown_host(self._name, host)) from None
        except OSError as error:
            raise Interrupted(reasons.refused(self._name, host, error)) from None
        connection = http.client.HTTPConnection(host, port)
        connection.sock = plain
        with contextlib.ExitStack() as undo:
            undo.callback(connection.close)
            response = _BareResponse(plain)
            response.begin()
            duplicate = socket.socket(fileno=os.dup(plain.fileno()))
            undo.pop_all()
        return Answer(connection, response, plain, duplicate, self._url, with_login=False, is_endless=True)


class _BareResponse(http.client.HTTPResponse):
    """A response of which no head comes."""

    def begin(self) -> None:
        """Called in place of reading the head."""
        body = self.fp
        self.fp = cast(io.BufferedReader, io.BytesIO(HEAD))
        super().begin()
        self.fp = body
