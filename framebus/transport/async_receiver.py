"""A ZeroMQ socket in an asyncio loop, message by message: half the CPU of zmq.asyncio with its future for each."""

import asyncio
from collections.abc import Callable

import zmq

MAX_BURST = 64
"""Messages taken in one turn of the loop; the rest waits for the next turn, so that others get theirs."""


class AsyncReceiver:
    """Calls back with the parts of each message that arrives on a socket. The caller closes both, this one first.

    The descriptor of a ZeroMQ socket is edge-triggered: it speaks once, and any call on the socket may swallow that
    (zmq_getsockopt(3), ZMQ_FD). So everything is read whenever it speaks, and `drain` has to be called after each
    `send` and each `setsockopt` on the same socket.
    """

    def __init__(self, socket: "zmq.Socket[bytes]", callback: Callable[[list[bytes]], None]) -> None:
        self._socket = socket
        self._callback = callback
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._loop.add_reader(socket.FD, self.drain)
        self._loop.call_soon(self.drain)

    def drain(self) -> None:
        """Take what has arrived."""
        for _ in range(MAX_BURST):
            if self._closed or not int(self._socket.get(zmq.EVENTS)) & zmq.POLLIN:
                return
            try:
                parts = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            self._callback(parts)
        self._loop.call_soon(self.drain)

    def close(self) -> None:
        """Listen no more. The socket stays open."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._socket.FD)
