"""A ZeroMQ socket in an asyncio loop, message by message: half the CPU of zmq.asyncio with its future for each."""

import asyncio
from collections.abc import Callable

import zmq

from framebus.transport.reconnecting_socket import ReconnectingSocket

MAX_BURST = 64
"""Messages taken in one turn of the loop; the rest waits for the next turn, so that others get theirs."""
POLLIN = int(zmq.POLLIN)
NOBLOCK = int(zmq.NOBLOCK)
"""Numbers: each use of pyzmq's flags would make a new flag, for each message."""


class AsyncReceiver:
    """Calls back with the parts of each message that arrives on a socket. The caller closes both, this one first.

    The loop holds the receiver and its callback until `close`.

    The descriptor of a ZeroMQ socket is edge-triggered: it becomes readable once, and any call on the socket may
    consume that (zmq_getsockopt(3), ZMQ_FD). So everything is read whenever it is readable, and `drain` has to be
    called after each `send` and each `setsockopt` on the same socket.
    """

    def __init__(
        self,
        socket: "zmq.Socket[bytes]",
        callback: Callable[[list[zmq.Frame]], None],
        has_room: Callable[[], bool] | None = None,
        max_burst: int = MAX_BURST,
    ) -> None:
        """Begin to read.

        Args:
            socket: what to read from.
            callback: takes the parts of a message. Each is the memory that libzmq received it in, which lives as long
                as the part or a view of it.
            has_room: messages stay in the socket while this is false; call `make_room` when it has become true.
            max_burst: messages taken in one turn of the loop.
        """
        self._left_some = False
        self._socket = socket
        self._recv = socket.recv  # pyzmq takes long to look up an attribute
        self._polled = [(socket, POLLIN)]
        self._callback = callback
        self._has_room = has_room
        self._max_burst = max_burst
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._timer: asyncio.TimerHandle | None = None
        self._descriptors = [int(socket.FD)]
        self._loop.add_reader(self._descriptors[0], self.drain)
        if isinstance(socket, ReconnectingSocket) and socket.monitor_socket is not None:
            self._descriptors.append(int(socket.monitor_socket.FD))
            self._loop.add_reader(self._descriptors[1], self._check_and_drain)
        self._loop.call_soon(self._check_and_drain)

    def drain(self) -> None:
        """Take what has arrived."""
        for _ in range(self._max_burst):
            if self._closed:
                return
            if self._has_room is not None and not self._has_room():
                self._left_some = self._has_message()
                return
            try:
                part = self._recv(NOBLOCK, copy=False)
            except zmq.Again:
                return
            parts = [part]
            while part.more:
                part = self._recv(copy=False)
                parts.append(part)
            try:
                self._callback(parts)
            except BaseException:
                self._loop.call_soon(self.drain)  # else the next message would stay in the socket for ever
                raise
            if self._closed or not self._has_message():
                return
        self._loop.call_soon(self.drain)

    def check_connection(self) -> None:
        """Take note of a lost connection now: `drain` may come to a message first. Connects where libzmq gave up."""
        if self._closed or not isinstance(self._socket, ReconnectingSocket):
            return
        self._socket.check()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        seconds = self._socket.reconnects_in
        if seconds is not None:
            self._timer = self._loop.call_later(seconds, self._check_and_drain)

    def make_room(self) -> None:
        """Take what was left in the socket for lack of room, if any."""
        if self._left_some:
            self._left_some = False
            self.drain()

    def close(self) -> None:
        """Stop reading. The socket stays open."""
        if self._closed:
            return
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if not self._loop.is_closed():
            for descriptor in self._descriptors:
                self._loop.remove_reader(descriptor)

    def _has_message(self) -> bool:
        """Whether there is one more. Unless that is asked, libzmq does not make the descriptor readable again.

        zmq_poll asks for less than the option EVENTS costs in pyzmq.
        """
        return bool(zmq.zmq_poll(self._polled, 0))

    def _check_and_drain(self) -> None:
        self.check_connection()
        self.drain()
