"""Lets the listed clients, and nobody else, in at the tcp endpoints of a process, over CURVE.

libzmq asks for each client whether it may come in (ZAP, rfc.zeromq.org/spec/27), on a socket that the process's own
loop serves: pyzmq's authenticators do not tell the address of who was refused, and take a thread. Clients without CURVE
are refused by libzmq itself, which its monitor tells.
"""

import contextlib
import os
import socket as system_socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from logging import Logger
from pathlib import Path
from typing import Any

import zmq
from zmq.utils import z85
from zmq.utils.monitor import parse_monitor_message

from framebus.curve_keys import CurveKeys, KeyPair, read
from framebus.losses import Losses
from framebus.process import ProcessError
from framebus.secrets_file import SecretsError, signature
from framebus.sockets import HANDSHAKE_IVL_MS
from framebus.tcp_endpoint import TcpEndpoint

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
MAX_HANDSHAKES = 4096
"""Connections under way whose address is remembered for the log."""
REOPEN_SECONDS = 0.05
"""libzmq lets go of a port in its own thread, a moment after it was told to."""
FAILURES = zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
"""The second where a client without CURVE hangs up first, or says nothing at all."""
WATCHED_EVENTS = zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED | FAILURES


@dataclass(eq=False)
class Door:
    """A socket and where it listens over tcp."""

    socket: "zmq.Socket[bytes]"
    endpoint: str
    monitor: "zmq.Socket[bytes]"
    bound: str = ""
    """As libzmq calls the endpoint; empty while it is not bound."""


class Gatekeeper:
    """Serves a context from its making until `close`; the sockets are the caller's. For one thread."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", secrets: Path, logger: Logger) -> None:
        """Raises ProcessError when the secrets file cannot be used."""
        self._context = context
        self._secrets = secrets
        self._logger = logger
        self._losses = Losses(logger)
        self._doors: list[Door] = []
        self._admitted: set[str] = set()
        self._addresses: dict[tuple[Door, int], str] = {}
        self._failed: set[Door] = set()
        self._signature = signature(secrets)
        try:
            self._keys = read(secrets)
        except SecretsError as error:
            raise ProcessError(str(error)) from None
        self._server = self._keys.server
        self._zap = context.socket(zmq.REP)
        self._zap.linger = 0
        self._zap.bind(ZAP_ENDPOINT)

    @property
    def guards(self) -> bool:
        """Whether anything is open to listed clients alone."""
        return bool(self._doors)

    @property
    def refused(self) -> int:
        """Connections that were refused since the start."""
        return self._losses.total[REFUSALS]

    def readable(self) -> Iterable["zmq.Socket[bytes]"]:
        """What the process's poller shall watch; `serve` takes what it finds."""
        return [self._zap, *(door.monitor for door in self._doors)]

    def open(self, socket: "zmq.Socket[bytes]", endpoint: TcpEndpoint) -> None:
        """Bind to a tcp endpoint, for listed clients alone; what was bound before stays as it is.

        Without a key of this machine there is nothing to guard with: then it is open to all programs of this machine.
        The limits of the socket have to be set before. Raises zmq.ZMQError, and ProcessError when other machines could
        reach it without a key.
        """
        if self._server is None and endpoint.address.is_loopback:
            socket.bind(str(endpoint))
            return
        if self._server is None:
            raise ProcessError(f"{endpoint} takes a key of this machine, which is gone; run: framebus keys server")
        where = f"inproc://framebus.monitor.{len(self._doors)}"
        socket.monitor(where, WATCHED_EVENTS)
        monitor = self._context.socket(zmq.PAIR)
        monitor.linger = 0
        monitor.rcvhwm = 0  # with a limit, libzmq's own thread would wait for us, and every frame for that
        monitor.connect(where)
        door = Door(socket, str(endpoint), monitor)
        self._doors.append(door)
        self._bind(door)

    def serve(self, ready: Mapping[Any, int]) -> None:
        """Take what the poller has found."""
        if self._zap in ready:
            self._answer()
        for door in self._doors:
            if door.monitor in ready:
                self._read_events(door)

    def tick(self) -> None:
        """To be called about once a second: notices a changed file, and says who was refused."""
        self._look_again()
        removed = self._admitted - set(self._keys.clients.values())
        if removed or self._keys.server != self._server:
            self._reopen()
        for door in self._doors:
            if not door.bound and self._keys.server is not None:
                with contextlib.suppress(zmq.ZMQError):
                    self._bind(door)
        self._losses.flush()

    def close(self) -> None:
        """Watch no more. The sockets are to be closed first: without it, libzmq lets nobody in."""
        for door in self._doors:
            door.monitor.close()
        self._zap.close()

    def _bind(self, door: Door) -> None:
        """Raises zmq.ZMQError."""
        server = self._keys.server
        assert server is not None  # nobody opens a door without a key, nor again
        use(door.socket, server)
        door.socket.bind(door.endpoint)
        bound = door.socket.getsockopt(zmq.LAST_ENDPOINT)
        assert isinstance(bound, bytes)  # as of this option
        door.bound = bound.rstrip(b"\0").decode()

    def _reopen(self) -> None:
        """Cut off everybody who is in over tcp, and let those in again who are still listed."""
        self._logger.info("keys were removed or changed: connections over tcp are cut, and have to come in again")
        self._server = self._keys.server
        self._admitted.clear()
        for door in self._doors:
            if door.bound:
                door.socket.unbind(door.bound)
                door.bound = ""
        deadline = time.monotonic() + REOPEN_SECONDS
        while self._keys.server is not None and not all(door.bound for door in self._doors):
            for door in self._doors:
                with contextlib.suppress(zmq.ZMQError):
                    if not door.bound:
                        self._bind(door)
            if time.monotonic() > deadline:
                return  # the next tick tries again
            time.sleep(REOPEN_SECONDS / 10)

    def _look_again(self) -> None:
        """Read the file where it has changed. While it cannot be read, nobody is listed."""
        found = signature(self._secrets)
        if found == self._signature:
            return
        self._signature = found
        try:
            self._keys = read(self._secrets)
        except SecretsError as error:
            self._logger.error("nobody is let in over tcp: %s", error)
            self._keys = CurveKeys(server=self._keys.server)

    def _answer(self) -> None:
        request = self._zap.recv_multipart()
        address, key = "an unknown address", ""
        if len(request) == ZAP_PARTS and request[5] == b"CURVE":
            address, key = request[3].decode("ascii", "replace"), z85.encode(request[6]).decode()
            self._look_again()
        listed = key in self._keys.clients.values()
        if listed:
            self._admitted.add(key)
        else:
            self._losses.count(REFUSALS, f"{address} has the key {key}, which is not listed (framebus keys add)")
        self._zap.send_multipart([ZAP_VERSION, request[1], ADMITTED if listed else REFUSED, b"", b"", b""])

    def _read_events(self, door: Door) -> None:
        for _ in range(MAX_EVENTS_AT_ONCE):
            try:
                event = parse_monitor_message(door.monitor.recv_multipart(zmq.NOBLOCK))
            except zmq.Again:
                return
            if not event["endpoint"].startswith(b"tcp://"):
                continue
            kind, descriptor = event["event"], event["value"]
            if kind == zmq.EVENT_ACCEPTED and len(self._addresses) < MAX_HANDSHAKES:
                self._addresses[door, descriptor] = address_of(descriptor)
            elif kind & FAILURES:
                self._failed.add(door)  # which connection that is, the next event tells: it is let go
            elif kind == zmq.EVENT_DISCONNECTED:
                address = self._addresses.pop((door, descriptor), "an unknown address")
                if door in self._failed:
                    self._failed.discard(door)
                    self._losses.count(REFUSALS, f"{address} came without a key, or with a wrong server_key")


def use(socket: "zmq.Socket[bytes]", server: KeyPair) -> None:
    """What is bound after this takes CURVE, and asks who may come in.

    Where nobody answers that, libzmq would let everybody in, but for ZAP_ENFORCE_DOMAIN.
    """
    socket.curve_server = True
    socket.curve_secretkey = server.secret.encode()
    socket.zap_domain = DOMAIN
    socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
    socket.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE_IVL_MS)


def address_of(descriptor: int) -> str:
    """Who is at the other end of a connection of libzmq's, as far as it is still there."""
    try:
        with system_socket.socket(fileno=os.dup(descriptor)) as connection:
            return str(connection.getpeername()[0])
    except (OSError, IndexError):
        return "an unknown address"
