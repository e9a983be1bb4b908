"""Drops what a camera sends while no picture is wanted: the kernel discards it without a copy, and nobody parses it.

Only where pictures come often, so that the next one is soon there when it is wanted, and where the socket has the bytes
of the body themselves: neither encrypted, nor compressed, nor in chunks.
"""

import io
import mmap
import socket
import ssl
import time
from typing import cast

from capture.media.http_request import Answer
from capture.media.latest_reader import LatestReader

MAX_PERIOD_SECONDS = 0.1
"""Of pictures that come often. The next whole one is there after two periods at most."""
REST_SECONDS = 0.1
"""Between two looks at the socket. 30 pictures of 160 KB a second are 0.5 MB in this time."""
ROOM_BYTES = 2 << 20
"""Of the connection's buffer. If it filled up, the camera would have to wait, and to send old pictures later."""
MAX_WAITING_BYTES = ROOM_BYTES // 2
"""If a look finds more, the stream is read instead."""
PIECE_BYTES = 1 << 20

_NOWHERE = mmap.mmap(-1, PIECE_BYTES)
"""For recv, which takes no length without a buffer. MSG_TRUNC writes nothing into it (tcp(7)): it takes no memory."""


class Dropping:
    """For one answer, in which pictures come without end."""

    def __init__(self, answer: Answer, *, is_compressed: bool) -> None:
        self._socket = answer.stream
        self._response = answer.response
        is_encrypted = isinstance(answer.stream, ssl.SSLSocket)
        self._is_possible = not (is_encrypted or is_compressed or answer.response.chunked)
        self._has_room = False
        self.period = float("inf")
        """Of the pictures, in seconds, as far as it is known."""
        self._newest_at: float | None = None
        """When the newest picture came; None where some were dropped since."""
        self._resumed_at: float | None = None

    def note_picture(self, at: float, latest_reader: LatestReader) -> None:
        """Note when a picture came, in seconds of CLOCK_MONOTONIC."""
        if self._resumed_at is not None:  # between one and two periods ago
            self.period = (at - self._resumed_at) / 2
            self._resumed_at = None
            latest_reader.behind = False
        elif self._newest_at is not None:
            self.period = at - self._newest_at
        self._newest_at = at

    def is_due(self, latest_reader: LatestReader) -> bool:
        """Whether what comes next may be dropped."""
        return self._is_possible and self.period <= MAX_PERIOD_SECONDS and latest_reader.need == "none"

    def drop(self, latest_reader: LatestReader, patience: float) -> bool:
        """Drop all that comes until a picture is wanted, or the stream ends, which the next read notices.

        Args:
            latest_reader: Knows whether a picture is wanted.
            patience: In seconds.

        Returns:
            False if nothing came for so long.
        """
        if not self._has_room and not self._make_room():
            self._is_possible = False
            return True
        latest_reader.behind = True
        self._newest_at = None
        heard_at = time.monotonic()
        limit_seconds = self._socket.gettimeout()
        is_over = False
        while not is_over:
            is_wanted = not latest_reader.rest(REST_SECONDS)
            self._socket.settimeout(0)
            try:
                waiting_bytes, has_ended = self._drop_what_waits()
            finally:
                self._socket.settimeout(limit_seconds)
            self._resumed_at = time.monotonic()
            heard_at = self._resumed_at if waiting_bytes else heard_at
            if self._resumed_at - heard_at > patience:
                return False
            self._is_possible = waiting_bytes <= MAX_WAITING_BYTES
            is_over = is_wanted or has_ended or not self._is_possible
        return True

    def _make_room(self) -> bool:
        """Enlarge the buffer of the connection; returns whether that could be done.

        SO_RCVBUF is limited to 208 KB by default. For SO_RCVLOWAT, Linux enlarges the buffer up to half of tcp_rmem
        (tcp_set_rcvlowat of net/ipv4/tcp.c, since 4.18), and does not make it smaller again.
        """
        for low_water_mark in (ROOM_BYTES, 1):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, low_water_mark)
        self._has_room = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) >= ROOM_BYTES
        return self._has_room

    def _drop_what_waits(self) -> tuple[int, bool]:
        """Returns how many bytes did, and whether the stream has ended."""
        dropped = 0
        buffer = cast("io.BufferedReader | None", self._response.fp)
        try:
            if buffer is None:
                return 0, True
            dropped = len(buffer.read1(io.DEFAULT_BUFFER_SIZE))  # what http.client has read ahead
            while received := self._socket.recv_into(_NOWHERE, PIECE_BYTES, socket.MSG_TRUNC):
                dropped += received
        except BlockingIOError:
            return dropped, False
        except OSError:
            return dropped, True
        return dropped, True
