"""Requests stills as fast as they are answered, over a few connections: a process that prints its results as JSON."""

import json
import socket
import sys
import time
from abc import ABC, abstractmethod
from typing import Any

import zmq

from benchmarks.load import tell
from benchmarks.results import percentiles

WARM_UP_SECONDS = 0.3
READ_BYTES = 1 << 18
REPLY_SECONDS = 10.0
POLL_MS = 100


class StillClient(ABC):
    """One connection with at most one request under way."""

    @abstractmethod
    def send_request(self) -> None:
        """Send the request."""

    @property
    @abstractmethod
    def pollable(self) -> "int | zmq.Socket[bytes]":
        """Readable when the reply, or a part of it, has arrived."""

    @abstractmethod
    def read_reply(self) -> int:
        """Read what has arrived; return the size of the complete reply in bytes, or 0 while it is incomplete."""


class HttpStillClient(StillClient):
    """Requests stills over HTTP on one persistent connection."""

    def __init__(self, host: str, port: int, path: str) -> None:
        self._address = (host, port)
        self._request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        self._socket = socket.create_connection(self._address, timeout=REPLY_SECONDS)
        self._buffer = bytearray(READ_BYTES)
        self._head = b""
        self._left = 0
        self._bytes = 0

    def send_request(self) -> None:
        self._head, self._left, self._bytes = b"", 0, 0
        self._socket.sendall(self._request)

    @property
    def pollable(self) -> int:
        return self._socket.fileno()

    def read_reply(self) -> int:
        count = self._socket.recv_into(self._buffer)
        if not count:
            sys.exit(f"the server at {self._address} has closed the connection")
        if self._bytes:
            self._left -= count
        else:
            self._head += bytes(self._buffer[:count])
            head, end, body = self._head.partition(b"\r\n\r\n")
            if not end:
                return 0
            if b" 200 " not in head.split(b"\r\n", 1)[0]:
                sys.exit(f"no still, but {head[:200]!r}")
            self._bytes = content_length(head)
            self._left = self._bytes - len(body)
        return 0 if self._left else self._bytes


class ZeroMqStillClient(StillClient):
    """Requests stills from the snapshot service."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", endpoint: str, parameters: dict[str, Any]) -> None:
        self._request = json.dumps({"camera": "front", **parameters}).encode()
        self._socket = context.socket(zmq.DEALER)
        self._socket.connect(endpoint)

    def send_request(self) -> None:
        self._socket.send(self._request)

    @property
    def pollable(self) -> "zmq.Socket[bytes]":
        return self._socket

    def read_reply(self) -> int:
        reply = self._socket.recv()
        if not reply.startswith(b"snapshot/"):
            sys.exit(f"no still, but {reply[:200]!r}")
        return len(reply)


def content_length(head: bytes) -> int:
    """Return the Content-Length in the head of a response."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError(f"a response without Content-Length: {head[:200]!r}")


def request_stills(clients: list[StillClient], seconds: float, pause_seconds: float = 0) -> dict[str, Any]:
    """Send requests on all connections, each after the reply to the one before.

    Args:
        clients: the connections.
        seconds: how long to measure.
        pause_seconds: how long to wait after a reply.

    Returns:
        `rate`, in replies a second, and `took`, the percentiles of their latency.
    """
    poller = zmq.Poller()
    under_way = {client.pollable: (client, time.monotonic()) for client in clients}
    for client in clients:
        poller.register(client.pollable, zmq.POLLIN)
        client.send_request()
    took: list[float] = []
    begin = time.monotonic() + WARM_UP_SECONDS
    while time.monotonic() < begin + seconds:
        for pollable, _ in poller.poll(POLL_MS):
            client, since = under_way[pollable]
            if client.read_reply():
                now = time.monotonic()
                if since > begin:
                    took.append(now - since)
                if pause_seconds:
                    time.sleep(pause_seconds)
                under_way[pollable] = client, time.monotonic()
                client.send_request()
    return {"rate": len(took) / (time.monotonic() - begin), "took": percentiles(took)}


def main() -> None:
    """Run the process."""
    settings = json.loads(sys.argv[1])
    count, seconds = settings["connections"], settings["seconds"]
    if "endpoint" in settings:
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        clients: list[StillClient] = [
            ZeroMqStillClient(context, settings["endpoint"], settings.get("parameters", {})) for _ in range(count)
        ]
        tell(request_stills(clients, seconds, settings.get("pause", 0)))
        context.destroy(linger=0)
    else:
        clients = [HttpStillClient(settings["host"], settings["port"], settings["path"]) for _ in range(count)]
        tell(request_stills(clients, seconds, settings.get("pause", 0)))


if __name__ == "__main__":
    main()
