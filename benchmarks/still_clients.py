"""Asks for stills as fast as they are answered, over a few connections: a process that prints what it got as JSON."""

import json
import socket
import sys
import time
from abc import ABC, abstractmethod
from typing import Any

import zmq

from benchmarks.load import tell
from benchmarks.results import percentiles

WARM_SECONDS = 0.3
READ_BYTES = 1 << 18
ANSWER_SECONDS = 10.0
POLL_MS = 100


class StillClient(ABC):
    """One connection, on which one question is under way at a time."""

    @abstractmethod
    def ask(self) -> None:
        """Send the question."""

    @property
    @abstractmethod
    def pollable(self) -> "int | zmq.Socket[bytes]":
        """Readable when the answer, or more of it, is there."""

    @abstractmethod
    def answered(self) -> int:
        """Read what has come; the bytes of the whole answer, or 0 while it is not whole."""


class HttpStillClient(StillClient):
    """A still over HTTP, on one connection as long as the server keeps it."""

    def __init__(self, host: str, port: int, path: str) -> None:
        self._where = (host, port)
        self._request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        self._socket = socket.create_connection(self._where, timeout=ANSWER_SECONDS)
        self._buffer = bytearray(READ_BYTES)
        self._head = b""
        self._left = 0
        self._bytes = 0

    def ask(self) -> None:
        self._head, self._left, self._bytes = b"", 0, 0
        self._socket.sendall(self._request)

    @property
    def pollable(self) -> int:
        return self._socket.fileno()

    def answered(self) -> int:
        count = self._socket.recv_into(self._buffer)
        if not count:
            sys.exit(f"the server at {self._where} has closed the connection")
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
    """A still from the snapshot service."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", endpoint: str, wishes: dict[str, Any]) -> None:
        self._request = json.dumps({"camera": "front", **wishes}).encode()
        self._socket = context.socket(zmq.DEALER)
        self._socket.connect(endpoint)

    def ask(self) -> None:
        self._socket.send(self._request)

    @property
    def pollable(self) -> "zmq.Socket[bytes]":
        return self._socket

    def answered(self) -> int:
        reply = self._socket.recv()
        if not reply.startswith(b"snapshot/"):
            sys.exit(f"no still, but {reply[:200]!r}")
        return len(reply)


def content_length(head: bytes) -> int:
    """What the head of an answer says of its body."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError(f"an answer without Content-Length: {head[:200]!r}")


def ask_for(askers: list[StillClient], seconds: float, pause_seconds: float = 0) -> dict[str, Any]:
    """Ask on all of them for so long, after each answer at once or after a pause; answers a second, and how long they
    took.
    """
    poller = zmq.Poller()
    asked = {asker.pollable: (asker, time.monotonic()) for asker in askers}
    for asker in askers:
        poller.register(asker.pollable, zmq.POLLIN)
        asker.ask()
    took: list[float] = []
    begin = time.monotonic() + WARM_SECONDS
    while time.monotonic() < begin + seconds:
        for pollable, _ in poller.poll(POLL_MS):
            asker, since = asked[pollable]
            if asker.answered():
                now = time.monotonic()
                if since > begin:
                    took.append(now - since)
                if pause_seconds:
                    time.sleep(pause_seconds)
                asked[pollable] = asker, time.monotonic()
                asker.ask()
    return {"rate": len(took) / (time.monotonic() - begin), "took": percentiles(took)}


def main() -> None:
    """The process."""
    settings = json.loads(sys.argv[1])
    count, seconds = settings["connections"], settings["seconds"]
    if "endpoint" in settings:
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        askers: list[StillClient] = [
            ZeroMqStillClient(context, settings["endpoint"], settings.get("wishes", {})) for _ in range(count)
        ]
        tell(ask_for(askers, seconds, settings.get("pause", 0)))
        context.destroy(linger=0)
    else:
        askers = [HttpStillClient(settings["host"], settings["port"], settings["path"]) for _ in range(count)]
        tell(ask_for(askers, seconds, settings.get("pause", 0)))


if __name__ == "__main__":
    main()
