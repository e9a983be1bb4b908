"""Admits only listed clients to the tcp endpoints of a process, over CURVE.

libzmq asks for each client whether to admit it (ZAP, rfc.zeromq.org/spec/27), on a socket that the process's own loop
serves: pyzmq's authenticators do not report the address of a refused client, and take a thread. libzmq itself refuses
clients without CURVE, which its monitor reports. The monitor reports every connection, too.
"""

import contextlib
import os
import socket as system_socket
import time
from collections.abc import Iterable, Iterator, Mapping
from logging import Logger
from pathlib import Path
from typing import Any

import msgspec
import zmq
from zmq.utils import z85

from framebus.config.tcp_endpoint import TcpEndpoint
from framebus.credentials.curve_keys import CurveKeys, KeyPair, read
from framebus.credentials.secrets_file import SecretsError, signature
from framebus.runtime.descriptors import allow_descriptors
from framebus.runtime.process import ProcessError
from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.transport import monitor_event
from framebus.transport.process_socket import ProcessSocket
from framebus.transport.sockets import HANDSHAKE_IVL_MS

ZAP_ENDPOINT = "inproc://zeromq.zap.01"
ZAP_VERSION = b"1.0"
ZAP_PARTS = 7
"""Of a request: version, id, domain, address, identity, mechanism, and CURVE's one credential, the public key."""
ACCEPTED = b"200"
REFUSED = b"300"
"""A temporary refusal. With 400 libzmq tells the client, which then never retries, even once it is listed."""
DOMAIN = b"framebus"
REFUSALS = "connections refused"
MAX_EVENTS_AT_ONCE = 256
"""The rest waits for the next turn of the loop, so that a flood of connections delays no frame."""
MAX_CONNECTIONS = 512
MAX_PER_ADDRESS = 128
"""Connections beyond are closed: libzmq aborts the process when it has no descriptor left for a client over ipc
(src/ipc_listener.cpp of 4.3.5), and clients without a key may open silent connections at any rate."""
DESCRIPTORS = 65536
"""The limit asked for, as far as the system allows: connections open before they can be counted."""
UNKNOWN = "an unknown address"
CLOSED_CONNECTIONS = ""
"""Replaces the address of a connection that was counted as refused and is being closed."""
REOPEN_SECONDS = 0.05
"""libzmq closes a port in its own thread, a moment after `unbind`."""
FAILURES = zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
"""The second is for a client without CURVE that disconnects first, or sends nothing."""
WATCHED_EVENTS = zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED | FAILURES


class TcpListener(msgspec.Struct, eq=False):
    """A socket and its tcp endpoint."""

    socket: "zmq.Socket[bytes]"
    endpoint: TcpEndpoint
    guarded: bool
    """Whether clients need a key."""
    monitor: "zmq.Socket[bytes]"
    bound: str = ""
    """The endpoint in the form of libzmq; empty while it is not bound."""


class ZapAuthenticator:
    """Serves a context until `close`; the sockets belong to the caller. Use it from one thread."""

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        secrets: Path,
        logger: Logger,
        *,
        insecure: bool = False,
        max_connections: int = MAX_CONNECTIONS,
        max_per_address: int = MAX_PER_ADDRESS,
        handshake_ivl_ms: int = HANDSHAKE_IVL_MS,
    ) -> None:
        """Read the keys.

        Args:
            context: of the sockets.
            secrets: the file with the keys.
            logger: for refused connections.
            insecure: no client needs a key.
            max_connections: connections that may be open.
            max_per_address: connections of one address that may be open.
            handshake_ivl_ms: a client that has not finished the handshake by then is disconnected, and may try again.

        Raises:
            ProcessError: the secrets file cannot be used.
        """
        self._max_connections = max_connections
        self._max_per_address = max_per_address
        self._handshake_ivl_ms = handshake_ivl_ms
        self._context = context
        self._secrets = secrets
        self._logger = logger
        self._losses = RateLimitedLog(logger)
        self._listeners: list[TcpListener] = []
        self._admitted: set[str] = set()
        self._connections: dict[tuple[TcpListener, int], str] = {}
        """The address of each connection, by the number of its descriptor."""
        self._failed: set[TcpListener] = set()
        self._signature = signature(secrets)
        try:
            self._keys = CurveKeys() if insecure else read(secrets)
        except SecretsError as error:
            raise ProcessError(str(error)) from None
        self._insecure = insecure
        self._server = self._keys.server
        self._zap = context.socket(zmq.REP, ProcessSocket)
        self._zap.linger = 0
        self._zap.bind(ZAP_ENDPOINT)
        allow_descriptors(DESCRIPTORS)

    @property
    def guards(self) -> bool:
        """Whether any endpoint is open to listed clients only."""
        return any(listener.guarded for listener in self._listeners)

    @property
    def refused(self) -> int:
        """Connections that were refused since the start."""
        return self._losses.total[REFUSALS]

    def readable(self) -> Iterable["zmq.Socket[bytes]"]:
        """The sockets for the process's poller; `serve` takes its result."""
        return [self._zap, *(listener.monitor for listener in self._listeners)]

    def open(self, socket: "zmq.Socket[bytes]", endpoint: TcpEndpoint) -> None:
        """Bind to a tcp endpoint, for listed clients only; earlier endpoints of the socket are unchanged.

        Without a key of this machine, a loopback endpoint is open to all programs of this machine. Set the limits of
        the socket first. Raises zmq.ZMQError, and ProcessError when other machines could connect without a key.
        """
        guarded = self._server is not None
        if not guarded and not self._insecure and not endpoint.address.is_loopback:
            raise ProcessError(f"{endpoint} takes a key of this machine, which was removed; run: framebus keys server")
        address = f"inproc://framebus.monitor.{len(self._listeners)}"
        socket.monitor(address, WATCHED_EVENTS)
        monitor = self._context.socket(zmq.PAIR, ProcessSocket)
        monitor.linger = 0
        monitor.rcvhwm = 0  # with a limit, libzmq's own thread would wait for this one, and delay every frame
        monitor.connect(address)
        listener = TcpListener(socket, endpoint, guarded, monitor)
        self._listeners.append(listener)
        self._bind(listener)

    def serve(self, ready: Mapping[Any, int]) -> None:
        """Process the result of the poller."""
        if self._zap in ready:
            self._answer()
        for listener in self._listeners:
            if listener.monitor in ready:
                self._read_events(listener)

    def tick(self) -> None:
        """To be called about once a second: reads a changed file, and logs refusals."""
        self._reload_keys()
        removed = self._admitted - set(self._keys.clients.values())
        if self.guards and (removed or self._keys.server != self._server):
            self._reopen()
        for listener in self._listeners:
            if not listener.bound and (self._keys.server is not None or not listener.guarded):
                with contextlib.suppress(zmq.ZMQError):
                    self._bind(listener)
        self._losses.flush()

    def unbind(self, socket: "zmq.Socket[bytes]") -> None:
        """Close the tcp endpoints of a socket, with their connections, until the next `tick`."""
        for listener in self._listeners:
            if listener.socket is socket and listener.bound:
                socket.unbind(listener.bound)
                listener.bound = ""

    def close(self) -> None:
        """Stop. Close the sockets first: their monitors end here, and libzmq refuses every client from then on."""
        for listener in self._listeners:
            listener.monitor.close()
        self._zap.close()

    def _bind(self, listener: TcpListener) -> None:
        """Raises zmq.ZMQError."""
        if listener.guarded:
            assert self._keys.server is not None  # else it is not opened, nor again
            use(listener.socket, self._keys.server)
        listener.socket.setsockopt(zmq.HANDSHAKE_IVL, self._handshake_ivl_ms)
        listener.socket.bind(str(listener.endpoint))
        bound = listener.socket.getsockopt(zmq.LAST_ENDPOINT)
        assert isinstance(bound, bytes)  # as of this option
        listener.bound = bound.rstrip(b"\0").decode()

    def _reopen(self) -> None:
        """Disconnect every client over tcp; those still listed reconnect."""
        self._logger.info("keys were removed or changed: closing all tcp connections; listed clients reconnect")
        self._server = self._keys.server
        self._admitted.clear()
        for listener in self._listeners:
            if listener.guarded and listener.bound:
                listener.socket.unbind(listener.bound)
                listener.bound = ""
        deadline = time.monotonic() + REOPEN_SECONDS
        while self._keys.server is not None and not all(listener.bound for listener in self._listeners):
            for listener in self._listeners:
                with contextlib.suppress(zmq.ZMQError):
                    if not listener.bound:
                        self._bind(listener)
            if time.monotonic() > deadline:
                return  # the next tick tries again
            time.sleep(REOPEN_SECONDS / 10)

    def _reload_keys(self) -> None:
        """Read the file if it has changed. While it cannot be read, no client is listed."""
        current = signature(self._secrets)
        if current == self._signature or self._insecure:
            return
        self._signature = current
        try:
            self._keys = read(self._secrets)
        except SecretsError as error:
            self._logger.error("all clients over tcp are refused: %s", error)
            self._keys = CurveKeys(server=self._keys.server)

    def _answer(self) -> None:
        request = self._zap.recv_multipart()
        address, key = UNKNOWN, ""
        if len(request) == ZAP_PARTS and request[5] == b"CURVE":
            address, key = request[3].decode("ascii", "replace"), z85.encode(request[6]).decode()
            self._reload_keys()
        listed = key in self._keys.clients.values()
        if listed:
            self._admitted.add(key)
        else:
            shown = f"has the key {key}, which is not listed (framebus keys add)" if key else "has shown no key"
            self._losses.count(REFUSALS, f"{address} {shown}")
        self._zap.send_multipart([ZAP_VERSION, request[1], ACCEPTED if listed else REFUSED, b"", b"", b""])

    def _read_events(self, listener: TcpListener) -> None:
        for _ in range(MAX_EVENTS_AT_ONCE):
            try:
                kind, descriptor, endpoint = monitor_event.parse(listener.monitor.recv_multipart(zmq.NOBLOCK))
            except zmq.Again:
                return
            if not endpoint.startswith(b"tcp://"):
                continue
            if kind == zmq.EVENT_ACCEPTED:
                self._accepted(listener, descriptor)
            elif kind & FAILURES:
                self._failed.add(listener)  # the next event, its end, has the number of the connection
            elif kind == zmq.EVENT_DISCONNECTED:
                address = self._connections.pop((listener, descriptor), UNKNOWN)
                failed = listener in self._failed
                self._failed.discard(listener)
                if failed and address != CLOSED_CONNECTIONS:
                    why = (
                        "connected without a key, or with a wrong server_key"
                        if listener.guarded
                        else "does not use ZMTP"
                    )
                    self._losses.count(REFUSALS, f"{address} {why}")

    def _accepted(self, listener: TcpListener, descriptor: int) -> None:
        with connection(descriptor) as peer:
            address = UNKNOWN if peer is None else address_of(peer)
            self._connections[listener, descriptor] = address
            of_this = sum(other == address for other in self._connections.values())
            if len(self._connections) <= self._max_connections and (
                of_this <= self._max_per_address or address == UNKNOWN
            ):
                return
            self._connections[listener, descriptor] = CLOSED_CONNECTIONS
            self._losses.count(REFUSALS, f"{address} connected when there were too many")
            with contextlib.suppress(OSError):
                # The number may belong to a newer connection by now, but only to one at this port.
                if peer is not None and peer.getsockname()[1] == listener.endpoint.address.port:
                    peer.shutdown(system_socket.SHUT_RDWR)


def use(socket: "zmq.Socket[bytes]", server: KeyPair) -> None:
    """Require CURVE, and an answer of the authenticator, at endpoints that are bound after this.

    Without ZAP_ENFORCE_DOMAIN, libzmq would admit every client while there is no authenticator.
    """
    socket.curve_server = True
    socket.curve_secretkey = server.secret.encode()
    socket.zap_domain = DOMAIN
    socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)


@contextlib.contextmanager
def connection(descriptor: int) -> Iterator[system_socket.socket | None]:
    """One of libzmq's connections, by a duplicate of its descriptor; None when it has ended."""
    try:
        peer = system_socket.socket(fileno=os.dup(descriptor))
    except OSError:
        yield None
        return
    with peer:
        yield peer


def address_of(peer: system_socket.socket) -> str:
    """The address of the peer, or that it is unknown."""
    try:
        return str(peer.getpeername()[0])
    except (OSError, IndexError):
        return UNKNOWN
