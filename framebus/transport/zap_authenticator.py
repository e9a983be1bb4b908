"""Lets the listed clients, and nobody else, in at the tcp endpoints of a process, over CURVE.

libzmq asks for each client whether it may come in (ZAP, rfc.zeromq.org/spec/27), on a socket that the process's own
loop serves: pyzmq's authenticators do not tell the address of who was refused, and take a thread. Clients without CURVE
are refused by libzmq itself, which its monitor tells. The monitor also tells how many are there, with keys or without.
"""

import contextlib
import os
import resource
import socket as system_socket
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from logging import Logger
from pathlib import Path
from typing import Any

import zmq
from zmq.utils import z85

from framebus.config.tcp_endpoint import TcpEndpoint
from framebus.credentials.curve_keys import CurveKeys, KeyPair, read
from framebus.credentials.secrets_file import SecretsError, signature
from framebus.runtime.process import ProcessError
from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.transport import monitor_event
from framebus.transport.sockets import HANDSHAKE_IVL_MS

ZAP_ENDPOINT = "inproc://zeromq.zap.01"
ZAP_VERSION = b"1.0"
ZAP_PARTS = 7
"""Of a request: version, id, domain, address, identity, mechanism, and CURVE's one credential, the public key."""
ADMITTED = b"200"
REFUSED = b"300"
"""Refused for now. With 400 libzmq tells the client so, which never tries again then, not even once it is listed."""
DOMAIN = b"framebus"
REFUSALS = "connections refused"
MAX_EVENTS_AT_ONCE = 256
"""The rest waits for the next turn of the loop: whoever knocks without end holds up no frame."""
MAX_CONNECTIONS = 512
MAX_OF_ONE_ADDRESS = 128
"""What is beyond is hung up on: libzmq ends the process where it has no descriptor left for a client over ipc
(src/ipc_listener.cpp of 4.3.5), and strangers may open connections, and say nothing, as quickly as they like."""
DESCRIPTORS = 65536
"""Asked for, as far as the system lets us: they open connections before it can be noticed that they are too many."""
UNKNOWN = "an unknown address"
HUNG_UP = ""
"""In the place of the address, where a connection has been counted and is about to end."""
REOPEN_SECONDS = 0.05
"""libzmq lets go of a port in its own thread, a moment after it was told to."""
FAILURES = zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
"""The second where a client without CURVE hangs up first, or says nothing at all."""
WATCHED_EVENTS = zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED | FAILURES


@dataclass(eq=False)
class TcpListener:
    """A socket and where it listens over tcp."""

    socket: "zmq.Socket[bytes]"
    endpoint: TcpEndpoint
    guarded: bool
    """Whether it takes a key."""
    monitor: "zmq.Socket[bytes]"
    bound: str = ""
    """As libzmq calls the endpoint; empty while it is not bound."""


class ZapAuthenticator:
    """Serves a context from its making until `close`; the sockets are the caller's. For one thread."""

    def __init__(
        self, context: "zmq.Context[zmq.Socket[bytes]]", secrets: Path, logger: Logger, *, insecure: bool = False
    ) -> None:
        """With `insecure` it asks nobody for a key. Raises ProcessError when the secrets file cannot be used."""
        self._context = context
        self._secrets = secrets
        self._logger = logger
        self._losses = RateLimitedLog(logger)
        self._listeners: list[TcpListener] = []
        self._admitted: set[str] = set()
        self._connections: dict[tuple[TcpListener, int], str] = {}
        """Who is there, by the number of the descriptor."""
        self._failed: set[TcpListener] = set()
        self._signature = signature(secrets)
        try:
            self._keys = CurveKeys() if insecure else read(secrets)
        except SecretsError as error:
            raise ProcessError(str(error)) from None
        self._insecure = insecure
        self._server = self._keys.server
        self._zap = context.socket(zmq.REP)
        self._zap.linger = 0
        self._zap.bind(ZAP_ENDPOINT)
        allow_descriptors()

    @property
    def guards(self) -> bool:
        """Whether anything is open to listed clients alone."""
        return any(listener.guarded for listener in self._listeners)

    @property
    def refused(self) -> int:
        """Connections that were refused since the start."""
        return self._losses.total[REFUSALS]

    def readable(self) -> Iterable["zmq.Socket[bytes]"]:
        """What the process's poller shall watch; `serve` takes what it finds."""
        return [self._zap, *(listener.monitor for listener in self._listeners)]

    def open(self, socket: "zmq.Socket[bytes]", endpoint: TcpEndpoint) -> None:
        """Bind to a tcp endpoint, for listed clients alone; what was bound before stays as it is.

        Without a key of this machine there is nothing to guard with: then it is open to all programs of this machine.
        The limits of the socket have to be set before. Raises zmq.ZMQError, and ProcessError when other machines could
        reach it without a key.
        """
        guarded = self._server is not None
        if not guarded and not self._insecure and not endpoint.address.is_loopback:
            raise ProcessError(f"{endpoint} takes a key of this machine, which is gone; run: framebus keys server")
        where = f"inproc://framebus.monitor.{len(self._listeners)}"
        socket.monitor(where, WATCHED_EVENTS)
        monitor = self._context.socket(zmq.PAIR)
        monitor.linger = 0
        monitor.rcvhwm = 0  # with a limit, libzmq's own thread would wait for us, and every frame for that
        monitor.connect(where)
        listener = TcpListener(socket, endpoint, guarded, monitor)
        self._listeners.append(listener)
        self._bind(listener)

    def serve(self, ready: Mapping[Any, int]) -> None:
        """Take what the poller has found."""
        if self._zap in ready:
            self._answer()
        for listener in self._listeners:
            if listener.monitor in ready:
                self._read_events(listener)

    def tick(self) -> None:
        """To be called about once a second: notices a changed file, and says who was refused."""
        self._look_again()
        removed = self._admitted - set(self._keys.clients.values())
        if self.guards and (removed or self._keys.server != self._server):
            self._reopen()
        for listener in self._listeners:
            if not listener.bound and self._keys.server is not None:
                with contextlib.suppress(zmq.ZMQError):
                    self._bind(listener)
        self._losses.flush()

    def close(self) -> None:
        """Watch no more. The sockets are to be closed first: without it, libzmq lets nobody in."""
        for listener in self._listeners:
            listener.monitor.close()
        self._zap.close()

    def _bind(self, listener: TcpListener) -> None:
        """Raises zmq.ZMQError."""
        if listener.guarded:
            assert self._keys.server is not None  # else it is not opened, nor again
            use(listener.socket, self._keys.server)
        listener.socket.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE_IVL_MS)
        listener.socket.bind(str(listener.endpoint))
        bound = listener.socket.getsockopt(zmq.LAST_ENDPOINT)
        assert isinstance(bound, bytes)  # as of this option
        listener.bound = bound.rstrip(b"\0").decode()

    def _reopen(self) -> None:
        """Cut off everybody who is in over tcp, and let those in again who are still listed."""
        self._logger.info("keys were removed or changed: connections over tcp are cut, and have to come in again")
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

    def _look_again(self) -> None:
        """Read the file where it has changed. While it cannot be read, nobody is listed."""
        found = signature(self._secrets)
        if found == self._signature or self._insecure:
            return
        self._signature = found
        try:
            self._keys = read(self._secrets)
        except SecretsError as error:
            self._logger.error("nobody is let in over tcp: %s", error)
            self._keys = CurveKeys(server=self._keys.server)

    def _answer(self) -> None:
        request = self._zap.recv_multipart()
        address, key = UNKNOWN, ""
        if len(request) == ZAP_PARTS and request[5] == b"CURVE":
            address, key = request[3].decode("ascii", "replace"), z85.encode(request[6]).decode()
            self._look_again()
        listed = key in self._keys.clients.values()
        if listed:
            self._admitted.add(key)
        else:
            self._losses.count(REFUSALS, f"{address} has the key {key}, which is not listed (framebus keys add)")
        self._zap.send_multipart([ZAP_VERSION, request[1], ADMITTED if listed else REFUSED, b"", b"", b""])

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
                self._failed.add(listener)  # which connection that is, the next event tells: it is let go
            elif kind == zmq.EVENT_DISCONNECTED:
                address = self._connections.pop((listener, descriptor), UNKNOWN)
                failed = listener in self._failed
                self._failed.discard(listener)
                if failed and address != HUNG_UP:
                    why = (
                        "came without a key, or with a wrong server_key"
                        if listener.guarded
                        else "spoke another language"
                    )
                    self._losses.count(REFUSALS, f"{address} {why}")

    def _accepted(self, listener: TcpListener, descriptor: int) -> None:
        with connection(descriptor) as found:
            address = UNKNOWN if found is None else address_of(found)
            self._connections[listener, descriptor] = address
            of_this = sum(other == address for other in self._connections.values())
            if len(self._connections) <= MAX_CONNECTIONS and (of_this <= MAX_OF_ONE_ADDRESS or address == UNKNOWN):
                return
            self._connections[listener, descriptor] = HUNG_UP
            self._losses.count(REFUSALS, f"{address} came when too many were there")
            with contextlib.suppress(OSError):
                # Its number may stand for another one meanwhile, but for nothing that is not at this door.
                if found is not None and found.getsockname()[1] == listener.endpoint.address.port:
                    found.shutdown(system_socket.SHUT_RDWR)


def use(socket: "zmq.Socket[bytes]", server: KeyPair) -> None:
    """What is bound after this takes CURVE, and asks who may come in.

    Where nobody answers that, libzmq would let everybody in, but for ZAP_ENFORCE_DOMAIN.
    """
    socket.curve_server = True
    socket.curve_secretkey = server.secret.encode()
    socket.zap_domain = DOMAIN
    socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)


@contextlib.contextmanager
def connection(descriptor: int) -> Iterator[system_socket.socket | None]:
    """A connection of libzmq's, for a look; None where it is no more."""
    try:
        found = system_socket.socket(fileno=os.dup(descriptor))
    except OSError:
        yield None
        return
    with found:
        yield found


def address_of(found: system_socket.socket) -> str:
    """Who is at the other end, as far as that is still there."""
    try:
        return str(found.getpeername()[0])
    except (OSError, IndexError):
        return UNKNOWN


def allow_descriptors() -> None:
    """Raise this process's limit of open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
