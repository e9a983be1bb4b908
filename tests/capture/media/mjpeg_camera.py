"""An IP camera for tests: a real HTTP server of a few threads, with the manners of real cameras, good and bad.

What it answers is a function of the call; `Multipart` is an answer that sends a picture whenever the test shows one.
"""

import base64
import contextlib
import hashlib
import re
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from types import TracebackType

from tests.processes import DEADLINE_SECONDS, wait_until

Answer = Callable[["Call"], None]

REALM = 'realm="camera"'
NONCE = "5ccc069c403ebaf9f0171e9517f40e41"


class Call:
    """One request, and the connection that it came over."""

    def __init__(self, connection: socket.socket, request: str) -> None:
        self.request = request
        """Its head: the request line and the headers."""
        self._connection = connection

    @property
    def path(self) -> str:
        """What was asked for."""
        return self.request.split(" ", 2)[1]

    def header(self, name: str) -> str:
        """A header of the request; empty without it."""
        found = re.search(rf"(?im)^{name}:[ ]*(.*?)\r?$", self.request)
        return found[1] if found else ""

    def send(self, data: bytes) -> None:
        """Send bytes as they are. Raises OSError when the client has gone."""
        self._connection.sendall(data)

    def receive(self) -> bytes:
        """Wait for more of what the client says; empty when the connection has ended. Raises OSError."""
        self._connection.settimeout(None)
        return self._connection.recv(65536)

    def keep(self) -> None:
        """Leave the connection open and say nothing, until either side hangs up."""
        while self.receive():
            pass

    def hang_up(self) -> None:
        """End the connection."""
        try:
            self._connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the client was faster


class IpCamera:
    """Listens on a port of the loopback address while the `with` block lasts."""

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        self.calls: list[Call] = []
        self._answer = answer
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> "IpCamera":
        self._threads[0].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(DEADLINE_SECONDS)
        self._listener.close()
        for call in self.calls:
            call.hang_up()
        for thread in self._threads:
            thread.join(DEADLINE_SECONDS)
            assert not thread.is_alive()

    def url(self, path: str = "/video", login: str = "", scheme: str = "http") -> str:
        """What to give to framebus; `login` is user:password."""
        return f"{scheme}://{login}{'@' if login else ''}127.0.0.1:{self.port}{path}"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(DEADLINE_SECONDS)
            thread = threading.Thread(target=self._secure, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _secure(self, connection: socket.socket) -> None:
        if self._tls is None:
            self._serve(connection)
            return
        with connection, contextlib.suppress(OSError):  # the client does not trust us
            self._serve(self._tls.wrap_socket(connection, server_side=True))

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                request = b""
                while b"\r\n\r\n" not in request:
                    received = connection.recv(65536)
                    if not received:
                        return
                    request += received
                call = Call(connection, request.decode())
                self.calls.append(call)
                self._answer(call)
            except OSError:
                return  # the client has gone


@dataclass(frozen=True)
class Framing:
    """How a camera writes multipart/x-mixed-replace; the default is how it should be written."""

    boundary: str = "ipcam264"
    """As it stands in the header of the answer, quotes and all."""
    delimiter: str = "--ipcam264"
    """As it stands in the body."""
    newline: str = "\r\n"
    content_length: bool = True
    part_type: str = "image/jpeg"
    extra_headers: tuple[str, ...] = ()
    first_delimiter: bool = True
    delimiter_with_picture: bool = True
    """Whether the delimiter follows a picture at once; otherwise it comes with the next one."""
    chunked: bool = False

    @property
    def head(self) -> bytes:
        """What the body begins with."""
        early = self.first_delimiter and self.delimiter_with_picture
        return f"{self.delimiter}{self.newline}".encode() if early else b""

    def part(self, jpeg: bytes) -> bytes:
        """A picture with all that belongs to it."""
        lines = [f"Content-Type: {self.part_type}", *self.extra_headers]
        if self.content_length:
            lines.append(f"Content-Length: {len(jpeg)}")
        head = self.newline.join([*lines, "", ""]).encode()
        delimiter = f"{self.delimiter}{self.newline}".encode()
        end = self.newline.encode()
        return head + jpeg + end + delimiter if self.delimiter_with_picture else delimiter + head + jpeg


class Multipart:
    """An answer that never ends by itself. All who watch are shown the same."""

    def __init__(self, framing: Framing | None = None, *pictures: bytes, content_type: str | None = None) -> None:
        """`pictures` are sent to each client at once; `content_type` stands in place of the right one."""
        self._content_type = content_type
        self._framing = framing or Framing()
        self._first = b"".join(map(self._framing.part, pictures))
        self.watching: list[Call] = []
        """Who is connected."""

    def __call__(self, call: Call) -> None:
        """Begin to answer."""
        kind = f"multipart/x-mixed-replace;boundary={self._framing.boundary}"
        kind = kind if self._content_type is None else self._content_type
        call.send(ok(kind, b"", "Transfer-Encoding: chunked" if self._framing.chunked else ""))
        self._send(call, self._framing.head + self._first)
        self.watching.append(call)
        try:
            call.keep()
        finally:
            with contextlib.suppress(ValueError):  # hang_up has removed it
                self.watching.remove(call)

    def show(self, jpeg: bytes) -> None:
        """Send a picture to all who watch, of whom there must be at least one."""
        self.send(self.part(jpeg))

    def part(self, jpeg: bytes) -> bytes:
        """A picture as it is sent."""
        return self._framing.part(jpeg)

    def send(self, data: bytes) -> None:
        """Send a piece of the body."""
        wait_until(lambda: self.watching, "somebody to watch")
        for call in self.watching:
            self._send(call, data)

    def hang_up(self) -> None:
        """End all connections; one that was ended before does not count as the next one."""
        wait_until(lambda: self.watching, "somebody to watch")
        while self.watching:
            self.watching.pop().hang_up()

    def _send(self, call: Call, data: bytes) -> None:
        if self._framing.chunked and data:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        call.send(data)


def ok(content_type: str, body: bytes = b"", *headers: str) -> bytes:
    """A whole answer of HTTP/1.1, or the beginning of one."""
    lines = ["HTTP/1.1 200 OK", f"Content-Type: {content_type}"] if content_type else ["HTTP/1.1 200 OK"]
    lines += ["Connection: close", *filter(None, headers), "", ""]
    return "\r\n".join(lines).encode() + body


def saying(answer: bytes) -> Answer:
    """Say this to everybody, and hang up."""
    return lambda call: call.send(answer)


def refusing(status: str, *headers: str) -> Answer:
    """Answer with a status other than 200, such as "404 Not Found"."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: text/html", "Content-Length: 0", *headers, "", ""]
    return saying("\r\n".join(lines).encode())


def silent(call: Call) -> None:
    """Never answer."""
    call.keep()


def snapshots(*bodies: bytes) -> Answer:
    """An answer of single pictures: one after the other, one a request; the last is repeated."""
    numbers = count()
    return lambda call: call.send(ok("image/jpeg", bodies[min(next(numbers), len(bodies) - 1)]))


def guarded(kind: str, login: str, answer: Answer, others: tuple[str, ...] = (), algorithm: str = "MD5") -> Answer:
    """Answer only who gives this user:password; `kind` is Basic or Digest (RFC 7616).

    `others` are header lines with challenges that stand before the right one.
    """
    digest = f'Digest {REALM}, nonce="{NONCE}", qop="auth", algorithm={algorithm}'
    challenge = f"Basic {REALM}" if kind == "Basic" else digest

    def ask(call: Call) -> None:
        right = _basic(login) if kind == "Basic" else _digest(login, call, algorithm)
        if right and call.header("Authorization") == right:
            answer(call)
        else:
            refusing("401 Unauthorized", *others, f"WWW-Authenticate: {challenge}")(call)

    return ask


def _basic(login: str) -> str:
    return f"Basic {base64.b64encode(login.encode()).decode()}"


def _digest(login: str, call: Call, algorithm: str) -> str:
    """What the client's header should be, given what it has chosen itself; empty where it sent none."""
    given = call.header("Authorization")
    fields = dict(re.findall(r'(\w+)="?([^",]*)"?', given))
    if not given.startswith("Digest ") or fields["nonce"] != NONCE:
        return ""
    digest = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}[algorithm]
    user, _, password = login.partition(":")
    secret = digest(f"{user}:camera:{password}".encode()).hexdigest()
    asked = digest(f"GET:{call.path}".encode()).hexdigest()
    parts = ":".join((secret, NONCE, fields["nc"], fields["cnonce"], "auth", asked))
    is_right = fields["response"] == digest(parts.encode()).hexdigest() and fields["username"] == user
    return given if is_right else ""
