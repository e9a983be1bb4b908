"""One RTSP session: connects, logs in, sets up and plays the video, and returns its RTP packets."""

import contextlib
import re
import select
import socket
import time
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urljoin, urlsplit

from capture.media import login, reasons
from capture.media.http_request import secured
from capture.media.latest_reader import Interrupted
from capture.media.rtsp import sdp
from capture.media.rtsp.messages import Interleaved, Message, Receiver, RtspError, reply_to, request
from capture.media.tls import CameraTls
from capture.media.url import MediaUrl
from capture.source import SourceError

DEFAULT_PORTS = {"rtsp": 554, "rtsps": 322}
READ_BYTES = 256 * 1024
LOOK_SECONDS = 0.5
"""How long one wait for data takes at most, so that keep-alives are sent in time."""
SESSION_SECONDS = 60.0
"""RFC 2326, section 12.37: how long a session lives that does not say."""
LOGIN_AGAIN_SECONDS = 5.0
"""How soon a keep-alive is sent again when the camera refuses the login of one."""
UNSUPPORTED_TRANSPORT = 461
RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
"""For UDP: a key frame comes in one burst."""

Transport = Literal["auto", "tcp", "udp"]


class RtspSession:
    """Made for one attempt; `close` ends it."""

    def __init__(
        self,
        url: MediaUrl,
        name: str,
        patience: float,
        tls: CameraTls,
        transport: Transport,
        login_again_seconds: float = LOGIN_AGAIN_SECONDS,
    ) -> None:
        """`patience` is in seconds, for each wait; `login_again_seconds` is how soon a keep-alive follows one whose
        login is refused.
        """
        self._login_again_seconds = login_again_seconds
        self._was_refused = False
        """Whether the login of the last keep-alive was refused."""
        self._url = url
        self._name = name
        self._patience = patience
        self._tls = tls
        self._transport = transport
        self._socket: socket.socket | None = None
        self._receiver = Receiver()
        self._waiting: list[Message | Interleaved] = []
        self._sequence = 0
        self._login: login.Login | None = None
        self._session = ""
        self._session_seconds = SESSION_SECONDS
        self._alive_at = 0.0
        self._base = url.without_login
        self._can_get_parameter = False
        self._udp: list[socket.socket] = []
        self._is_udp = False
        self._channel = 0
        """Of the RTP packets within the connection."""

    def connect(self) -> None:
        """Open the connection. Raises SourceError."""
        host, port = self._url.host, self._url.port or DEFAULT_PORTS[self._url.scheme]
        try:
            plain = socket.create_connection((host, port), self._patience)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            is_tls = self._url.scheme == "rtsps"
            self._socket = secured(plain, host, port, self._tls, self._name, self._patience) if is_tls else plain
            self._socket.settimeout(self._patience)
        except TimeoutError:
            raise SourceError(reasons.no_connection(self._name, self._patience)) from None
        except UnicodeError:  # an empty label, or one too long
            raise SourceError(reasons.unknown_host(self._name, host)) from None
        except OSError as error:
            raise Interrupted(reasons.refused(self._name, host, error)) from None

    def describe(self) -> sdp.Track:
        """The video of the stream. Raises SourceError."""
        options = self._ask("OPTIONS", self._base, {}, accept_any=True)
        self._can_get_parameter = "GET_PARAMETER" in options.header("public").upper()
        reply = self._ask("DESCRIBE", self._base, {"Accept": "application/sdp"})
        base = reply.header("content-base") or reply.header("content-location") or self._base
        control, tracks = sdp.parse(reply.body.decode("utf-8", "replace"))
        self._base = base if control in ("", "*") else _joined(base, control)
        video = next((track for track in tracks if track.kind == "video"), None)
        if video is None:
            kinds = sorted({track.kind for track in tracks})
            raise SourceError(reasons.no_pictures(self._name, " and ".join(kinds) or "nothing"))
        video.control = _joined(base, video.control) if video.control not in ("", "*") else self._base
        return video

    def play(self, track: sdp.Track) -> None:
        """Have the video sent. Raises SourceError."""
        reply = self._set_up_udp(track) if self._transport == "udp" else self._set_up_tcp(track)
        session, *options = reply.header("session").split(";")
        self._session = session.strip()
        for option in options:
            key, _, value = option.strip().partition("=")
            if key.lower() == "timeout" and value.isdigit() and int(value) > 1:
                self._session_seconds = float(value)
        self._ask("PLAY", self._base, {"Session": self._session, "Range": "npt=0.000-"})
        self._alive_at = time.monotonic()

    def packets(self) -> Iterator[tuple[bytes, float]]:
        """Each RTP packet of the video, and when it came in, on CLOCK_MONOTONIC. Raises SourceError."""
        heard = time.monotonic()
        while True:
            for data in self._received():
                heard = time.monotonic()
                yield data, heard
            now = time.monotonic()
            if now - heard >= self._patience:
                raise SourceError(reasons.silent(self._name, self._patience))
            if now - self._alive_at > self._session_seconds / 2:
                self._keep_alive(now)

    def interrupt(self) -> None:
        """Break the connection off; called from another thread."""
        connection = self._socket
        if connection is not None:
            with contextlib.suppress(OSError):  # it broke by itself, or was closed meanwhile
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the session."""
        connection, self._socket = self._socket, None
        if connection is not None:
            with contextlib.suppress(OSError), connection:
                if self._session:
                    connection.settimeout(0.2)
                    connection.sendall(self._request("TEARDOWN", self._base, {"Session": self._session}))
        for port in self._udp:
            port.close()
        self._udp = []

    # --- requests -----------------------------------------------------------------------------------------------------

    def _set_up_tcp(self, track: sdp.Track) -> Message:
        wish = {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"}
        reply = self._ask("SETUP", track.control, wish, accept_any=self._transport == "auto")
        if reply.status == UNSUPPORTED_TRANSPORT and self._transport == "auto":
            return self._set_up_udp(track)
        self._check(reply)
        if given := re.search(
            r"interleaved\s*=\s*(\d{1,3})", reply.header("transport")
        ):  # it need not be what was asked
            self._channel = int(given[1])
        return reply

    def _set_up_udp(self, track: sdp.Track) -> Message:
        assert self._socket is not None  # connected before
        self._udp = _pair(self._socket.family, self._socket.getsockname()[0])
        first = self._udp[0].getsockname()[1]
        reply = self._ask("SETUP", track.control, {"Transport": f"RTP/AVP;unicast;client_port={first}-{first + 1}"})
        self._is_udp = True
        ports = reply.header("transport").partition("server_port=")[2].partition(";")[0].split("-")
        with contextlib.suppress(OSError, ValueError):  # opens the way through a firewall of our own
            for port, number in zip(self._udp, ports, strict=False):
                port.sendto(b"\x80\xc9\0\1\0\0\0\0", (self._socket.getpeername()[0], int(number)))
        return reply

    def _ask(self, method: str, uri: str, headers: dict[str, str], *, accept_any: bool = False) -> Message:
        reply = self._exchange(method, uri, headers)
        if reply.status == 401 and self._url.login is not None:
            offered = login.challenges(reply.headers.get("www-authenticate", []))
            chosen = login.best(offered)
            if not offered and self._login is None:  # some cameras take Basic without asking for it
                chosen = login.Challenge("basic")
            if chosen is None:
                raise SourceError(reasons.login_kind(self._name, [one.scheme for one in offered]))
            is_stale = chosen.fields.get("stale", "").lower() == "true"
            if self._login is None or is_stale:
                self._login = login.Login(*self._url.login, chosen)
                reply = self._exchange(method, uri, headers)
                if reply.status == 401 and not offered:
                    raise SourceError(reasons.login_kind(self._name, []))
        if not accept_any or reply.status == 401:
            self._check(reply)
        return reply

    def _check(self, reply: Message) -> None:
        if reply.status == 200:
            return
        kind = Interrupted if reply.status >= 500 else SourceError
        raise kind(reasons.status(self._name, reply.status, self._url.login is not None))

    def _exchange(self, method: str, uri: str, headers: dict[str, str]) -> Message:
        assert self._socket is not None  # connected before
        deadline = time.monotonic() + self._patience
        try:
            self._socket.sendall(self._request(method, uri, headers))
            while True:
                for number, one in enumerate(self._waiting):
                    if isinstance(one, Message) and one.status and _is_reply_to(one, self._sequence):
                        del self._waiting[number]
                        return one
                if time.monotonic() > deadline:
                    raise SourceError(reasons.no_answer(self._name, self._patience))
                self._receive()
        except TimeoutError:
            raise SourceError(reasons.no_answer(self._name, self._patience)) from None
        except OSError as error:
            raise Interrupted(reasons.refused(self._name, self._url.host, error)) from None

    def _request(self, method: str, uri: str, headers: dict[str, str]) -> bytes:
        self._sequence += 1
        if self._login is not None:
            headers = headers | {"Authorization": self._login.header(method, uri)}
        return request(method, uri, self._sequence, headers)

    def _receive(self) -> None:
        assert self._socket is not None  # connected before
        data = self._socket.recv(READ_BYTES)
        if not data:
            raise ConnectionResetError
        try:
            self._waiting += self._receiver.feed(data)
        except RtspError:
            raise SourceError(reasons.no_rtsp(self._name)) from None

    # --- packets ------------------------------------------------------------------------------------------------------

    def _received(self) -> list[bytes]:
        """What has come, after a wait of LOOK_SECONDS at most."""
        connection = self._socket
        if connection is None:
            raise Interrupted(reasons.ended(self._name))
        found = self._taken()
        try:
            if found or not self._wait(connection):
                return found
            for port in self._udp:
                with contextlib.suppress(BlockingIOError):
                    while True:
                        data = port.recv(65536)
                        if port is self._udp[0]:
                            found.append(data)
            if not self._udp or select.select([connection], [], [], 0)[0]:
                connection.settimeout(self._patience)
                self._receive()
        except ConnectionResetError:
            raise Interrupted(reasons.ended(self._name)) from None
        except TimeoutError:
            raise SourceError(reasons.silent(self._name, self._patience)) from None
        except (OSError, ValueError) as error:
            reason = error if isinstance(error, OSError) else OSError(0, "closed")
            raise Interrupted(reasons.refused(self._name, self._url.host, reason)) from None
        return found + self._taken()

    def _wait(self, connection: socket.socket) -> bool:
        pending = getattr(connection, "pending", None)  # of TLS: bytes that are decrypted already
        if pending is not None and pending():
            return True
        return bool(select.select([connection, *self._udp], [], [], min(LOOK_SECONDS, self._patience))[0])

    def _taken(self) -> list[bytes]:
        """The RTP packets of the connection. A request of the camera is answered."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if isinstance(one, Message):
                self._notice(one)
        return [one.data for one in waiting if isinstance(one, Interleaved) and one.channel == self._channel]

    def _notice(self, message: Message) -> None:
        """A message while pictures come: a request of the camera, or its reply to a keep-alive."""
        if not message.status:
            with contextlib.suppress(OSError):  # the next read tells
                if self._socket is not None:
                    self._socket.sendall(reply_to(message))
        elif message.status == 401 and self._url.login is not None:  # its nonce has expired
            chosen = login.best(login.challenges(message.headers.get("www-authenticate", [])))
            if chosen is not None:
                self._login = login.Login(*self._url.login, chosen)
                if not self._was_refused:  # cameras lock an account after some refusals
                    self._alive_at = time.monotonic() - max(0.0, self._session_seconds / 2 - self._login_again_seconds)
                self._was_refused = True
        else:
            self._was_refused = False

    def _keep_alive(self, now: float) -> None:
        assert self._socket is not None  # playing
        self._alive_at = now
        method = "GET_PARAMETER" if self._can_get_parameter else "OPTIONS"
        with contextlib.suppress(OSError):  # the next read tells
            self._socket.sendall(self._request(method, self._base, {"Session": self._session}))


def _is_reply_to(message: Message, sequence: int) -> bool:
    return message.header("cseq") in (str(sequence), "")


def _joined(base: str, control: str) -> str:
    """RFC 2326, C.1.1, as cameras mean it: a relative control is put behind the base, query and all."""
    if urlsplit(control).scheme:
        return control
    return urljoin(base, control) if control.startswith("/") else f"{base.rstrip('/')}/{control}"


def _pair(family: socket.AddressFamily, address: str) -> list[socket.socket]:
    """Two UDP ports, the first even, as RTP and RTCP need them. Raises OSError."""
    for _ in range(50):
        first, second = socket.socket(family, socket.SOCK_DGRAM), socket.socket(family, socket.SOCK_DGRAM)
        try:
            first.bind((address, 0))
            number = first.getsockname()[1]
            if number % 2 == 0:
                second.bind((address, number + 1))
                for port in (first, second):
                    port.setblocking(False)
                first.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
                return [first, second]
        except OSError:
            pass  # the second is taken
        first.close()
        second.close()
    raise OSError(0, "no pair of UDP ports is free")
