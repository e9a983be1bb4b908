"""A viewer of MJPEG that reads only when it is asked to, on a connection that holds little. Also a program.

As a program, `python -m tests.e2e.mjpeg_reader PORT PATH BYTES_A_SECOND SECONDS`, on a slow link, it prints how old
each picture was when it was whole, in seconds, one a line.
"""

import http.client
import re
import socket
import sys
import time
from collections.abc import Callable

RECEIVE_BYTES = 8192
"""What the kernel holds for it; it takes twice that."""
PIECE_BYTES = 4096
PART = re.compile(rb"Content-Type: image/jpeg\r\nContent-Length: (\d+)\r\nX-Timestamp: (\d+\.\d{6})\r\n\r\n")
BOUNDARY_LINE = b"--boundarydonotcross\r\n"


def unpaced(size: int) -> None:
    """As fast as the pictures come."""


class MjpegReader:
    """An open stream. Closed by its maker."""

    def __init__(self, port: int, path: str, pace: Callable[[int], None] = unpaced) -> None:
        """`pace` is told of each piece how many bytes were read, and may take its time."""
        self._pace = pace
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self._connection.sock = socket.socket()
        self._connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        self._connection.sock.settimeout(20)
        self._connection.sock.connect(("127.0.0.1", port))
        self._connection.request("GET", path)
        self.answer = self._connection.getresponse()
        assert self.answer.status == 200
        assert self.answer.readline() == BOUNDARY_LINE

    def part(self) -> tuple[bytes, float]:
        """The next picture, and when it was taken in Unix seconds."""
        lines = [self.answer.readline() for _ in range(4)]
        found = PART.fullmatch(b"".join(lines))
        assert found, lines
        size = int(found[1])
        jpeg = bytearray()
        while len(jpeg) < size:
            piece = self.answer.read(min(PIECE_BYTES, size - len(jpeg)))
            assert piece, "the stream has ended"
            jpeg += piece
            self._pace(len(piece))
        assert self.answer.readline() == b"\r\n"
        assert self.answer.readline() == BOUNDARY_LINE
        return bytes(jpeg), float(found[2])

    def close(self) -> None:
        """Watch no more."""
        self.answer.close()
        self._connection.close()


class Pace:
    """So many bytes a second, and no more."""

    def __init__(self, bytes_a_second: float) -> None:
        self._bytes_a_second = bytes_a_second
        self._began = time.monotonic()
        self._read = 0

    def __call__(self, size: int) -> None:
        self._read += size
        time.sleep(max(0.0, self._began + self._read / self._bytes_a_second - time.monotonic()))


def main(port: str, path: str, bytes_a_second: str, seconds: str) -> None:
    """Print the ages."""
    reader = MjpegReader(int(port), path, Pace(float(bytes_a_second)))
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        _, captured = reader.part()
        print(f"{time.time() - captured:.3f}", flush=True)
    reader.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
