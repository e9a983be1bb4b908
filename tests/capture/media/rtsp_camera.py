"""An RTSP camera for tests: H.264 within the RTSP connection itself (RFC 2326, 10.12; RFC 6184, single NAL units).

It serves one client after the other, in one thread each.
"""

import re
import socket
import threading
from pathlib import Path
from types import TracebackType

from tests.processes import DEADLINE_SECONDS

CLOCK_HZ = 90_000
PAYLOAD_TYPE = 96
SPS, PPS, LAST_OF_SLICES = 7, 8, 5


class RtspCamera:
    """Plays a raw H.264 file once to whoever comes, all at once, and then keeps still."""

    def __init__(self, clip: Path, fps: int = 25, refusal: str = "") -> None:
        """`refusal` is what DESCRIBE is answered with instead, such as "404 Not Found"."""
        self.requests: list[str] = []
        self._units = [unit for unit in re.split(rb"\x00*\x00\x00\x01", clip.read_bytes()) if unit]
        self._ticks = CLOCK_HZ // fps
        self._refusal = refusal
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._connections: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> "RtspCamera":
        self._threads[0].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(DEADLINE_SECONDS)
        self._listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join(DEADLINE_SECONDS)
            assert not thread.is_alive()

    def url(self, login: str = "") -> str:
        """What to give to framebus; `login` is user:password."""
        return f"rtsp://{login}{'@' if login else ''}127.0.0.1:{self.port}/stream"

    def hang_up(self) -> None:
        """End all connections."""
        for connection in self._connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the client was faster

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            request = b""
            try:
                for line in lines:
                    request += line
                    if not line.strip():
                        connection.sendall(self._answer(request.decode(errors="replace")))
                        request = b""
            except OSError:
                return  # the client has gone

    def _answer(self, request: str) -> bytes:
        self.requests.append(request)
        sequence = re.search(r"(?i)cseq: *(\d+)", request)
        method = request.partition(" ")[0]
        status, headers, body = "200 OK", [f"CSeq: {sequence[1] if sequence else 0}", "Session: 1"], b""
        if method == "OPTIONS":
            headers.append("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
        elif method == "DESCRIBE" and self._refusal:
            status = self._refusal
        elif method == "DESCRIBE":
            body = self._description()
            headers += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
        elif method == "SETUP" and "RTP/AVP/TCP" not in request:
            status = "461 Unsupported Transport"
        elif method == "SETUP":
            headers.append("Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
        pictures = self._packets() if method == "PLAY" else b""
        return "\r\n".join([f"RTSP/1.0 {status}", *headers, "", ""]).encode() + body + pictures

    def _description(self) -> bytes:
        """SDP (RFC 4566) without parameter sets: they are sent in the stream, as cameras do."""
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=camera", "c=IN IP4 0.0.0.0", "t=0 0"]
        media = [f"m=video 0 RTP/AVP {PAYLOAD_TYPE}", f"a=rtpmap:{PAYLOAD_TYPE} H264/{CLOCK_HZ}", "a=control:track1"]
        return "".join(f"{line}\r\n" for line in [*lines, *media]).encode()

    def _packets(self) -> bytes:
        """Every NAL unit in an RTP packet of its own, and that in a frame of the connection."""
        sent = b""
        picture = 0
        for number, unit in enumerate(self._units):
            is_slice = unit[0] & 0x1F == LAST_OF_SLICES
            head = bytes([0x80, PAYLOAD_TYPE | (0x80 if is_slice else 0)]) + number.to_bytes(2)
            packet = head + (picture * self._ticks).to_bytes(4) + (1).to_bytes(4) + unit
            sent += b"$\0" + len(packet).to_bytes(2) + packet
            picture += is_slice
        return sent
