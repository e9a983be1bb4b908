"""A ZeroMQ socket that connects again where libzmq gives up.

libzmq reconnects after a lost connection, but not after a violation of its protocol: a message over MAXMSGSIZE, or
bytes that are not ZMTP (libzmq issue 4196). One such message would silence a connecting socket for ever. The socket's
own monitor reports the end of a connection; when no new one follows within a pause, the socket connects again.
"""

import errno
import itertools
import logging
import time

import zmq

from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.transport import monitor_event
from framebus.transport.process_socket import ProcessSocket

RECONNECT_PAUSE_SECONDS = 1.0
"""Longer than libzmq takes to reconnect by itself, and a limit on how often a faulty peer is tried."""
WATCHED_EVENTS = zmq.EVENT_CONNECTED | zmq.EVENT_DISCONNECTED | zmq.EVENT_CONNECT_RETRIED
"""The last says that libzmq connects again by itself: then the connection did not end by a violation."""
VIOLATIONS = "ZeroMQ connections that ended because of a message over the limit, or of bytes that are not ZeroMQ's"

logger = logging.getLogger("framebus")

_numbers = itertools.count()
_monitors: "set[_Monitor]" = set()
"""Keeps monitors from the garbage collector: libzmq's thread waits for ever on one that closes before its socket."""


class _Monitor(ProcessSocket):
    """Reports what happens to the connection of another socket."""


class ReconnectingSocket(ProcessSocket):
    """Use it from one thread. Its owner waits on `monitor_socket` too, or calls `check` about once a second."""

    monitor_socket: _Monitor | None = None
    """Readable when the connection was made or lost; None before `watch`."""
    disconnects: int = 0
    """Connections lost so far, as of the last `check`."""
    violations: int = 0
    """Those of them that ended because the peer violated the protocol; each is logged, at most once a second."""
    _losses: RateLimitedLog | None = None
    _endpoint: str = ""
    _lost_at: float | None = None
    _is_retried: bool = False
    """Whether libzmq has begun to connect again since then."""

    def watch(self, endpoint: str) -> None:
        """Reconnect to this endpoint from now on. To be called after `connect`. Raises zmq.ZMQError."""
        self._endpoint = endpoint
        if self.monitor_socket is not None:
            return
        address = f"inproc://framebus.reconnect.{next(_numbers)}"
        # Not made by the context, whose destroy() would close it before this socket.
        monitor = _Monitor(self.context, zmq.PAIR)
        monitor.linger = 0
        monitor.rcvhwm = 0  # with a limit, libzmq's own thread would wait for this one
        try:
            monitor.connect(address)  # first: that thread would also wait for the reader of the first event
            self.monitor(address, WATCHED_EVENTS)
        except zmq.ZMQError:
            monitor.close()
            raise
        self.monitor_socket = monitor
        _monitors.add(monitor)

    @property
    def reconnects_in(self) -> float | None:
        """Seconds until `check` has to be called again; None while connected."""
        if self._lost_at is None:
            return None
        return max(0.0, self._lost_at + RECONNECT_PAUSE_SECONDS - time.monotonic())

    def check(self) -> None:
        """Take note of what happened to the connection, and connect again if it was lost for a while."""
        if self.monitor_socket is None:
            return
        while self.monitor_socket.poll(0):
            event = monitor_event.parse(self.monitor_socket.recv_multipart()).event
            if event == zmq.EVENT_CONNECTED:
                self._lost_at = None
            elif event == zmq.EVENT_DISCONNECTED:
                self.disconnects += 1
                self._lost_at, self._is_retried = time.monotonic(), False
            elif event == zmq.EVENT_CONNECT_RETRIED:
                self._is_retried = True
        if self._losses is not None:
            self._losses.flush()
        if self.reconnects_in == 0:
            self._lost_at = None
            if not self._is_retried:
                self._count_violation()
            try:
                self.disconnect(self._endpoint)  # else libzmq takes the connection for one that it has already
            except zmq.ZMQError as error:
                if error.errno != errno.ENOENT:
                    raise
            self.connect(self._endpoint)

    def _count_violation(self) -> None:
        self.violations += 1
        self._losses = self._losses or RateLimitedLog(logger)
        self._losses.count(VIOLATIONS, self._endpoint)

    def close(self, linger: int | None = None) -> None:
        """Close the socket and its monitor. Does nothing in a forked process, where the socket is the parent's."""
        monitor, self.monitor_socket = self.monitor_socket, None
        if self.is_inherited:
            return
        if monitor is not None:
            _monitors.discard(monitor)
            if not self.closed:
                self.disable_monitor()
            monitor.close()
        super().close(linger)
