"""An RTSP camera for tests: H.264 within the RTSP connection itself (RFC 2326, 10.12; RFC 6184, single NAL units).

It serves one client after the other, in one thread each.
"""

import base64
import hashlib
import re
import socket
import ssl
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.processes import DEADLINE_SECONDS

CLOCK_HZ = 90_000
PAYLOAD_TYPE = 96
SLICES = (1, 5)


class RtspCamera:
    """Plays a raw H.264 file once to whoever comes, all at once, and then keeps still."""

    def __init__(
        self,
        clip: Path,
        fps: int = 25,
        refusal: str = "",
        *,
        codec: str = "H264",
        login: str = "",
        algorithm: str = "MD5",
        udp_only: bool = False,
        skipped_units: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`refusal` is what DESCRIBE is answered with instead, such as "404 Not Found".

        `login` is a user:password that is asked for by digest, and without an `algorithm` not asked for. With
        `skipped_units` the first pictures are left out.
        """
        self._codec = codec
        self._tls = tls
        self._login = login
        self._algorithm = algorithm
        self._udp_only = udp_only
        self._skipped = skipped_units
        self._client_port = 0
        self.requests: list[str] = []
        self._units = [unit for unit in re.split(rb"\x00*\x00\x00\x01", clip.read_bytes()) if unit]
        self._ticks = CLOCK_HZ // fps
        self._refusal = refusal
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._connections: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Self:
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
        """End all connections; not those that clients make again meanwhile."""
        for connection in list(self._connections):
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
            if self._tls is not None:
                try:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                except OSError:
                    continue  # the client does not trust us
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
        elif self._login and not self._is_allowed(request):
            status = "401 Unauthorized"
            if self._algorithm:
                headers.append(f'WWW-Authenticate: Digest realm="camera", nonce="n", algorithm={self._algorithm}')
        elif method == "DESCRIBE" and self._refusal:
            status = self._refusal
        elif method == "DESCRIBE":
            body = self._description()
            headers += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
        elif method == "SETUP" and ("RTP/AVP/TCP" in request) == self._udp_only:
            status = "461 Unsupported Transport"
        elif method == "SETUP" and (ports := re.search(r"client_port=(\d+)", request)):
            self._client_port = int(ports[1])
            headers.append(f"Transport: RTP/AVP;unicast;client_port={ports[1]}-{self._client_port + 1}")
        elif method == "SETUP":
            headers.append("Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
        pictures = self._packets() if method == "PLAY" and status == "200 OK" else b""
        if self._client_port and pictures:
            self._send_udp(pictures)
            pictures = b""
        return "\r\n".join([f"RTSP/1.0 {status}", *headers, "", ""]).encode() + body + pictures

    def _is_allowed(self, request: str) -> bool:
        """RFC 7616 without qop; Basic where no challenge is sent."""
        if not self._algorithm:
            return f"Authorization: Basic {base64.b64encode(self._login.encode()).decode()}\r\n" in request
        fields = dict(re.findall(r'(\w+)="?([^",\r]*)"?', request.partition("Authorization: Digest ")[2]))
        digest = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}[self._algorithm]
        method, uri = request.split(" ", 2)[:2]
        user, _, password = self._login.partition(":")
        secret = digest(f"{user}:camera:{password}".encode()).hexdigest()
        asked = digest(f"{method}:{uri}".encode()).hexdigest()
        return fields.get("response") == digest(f"{secret}:n:{asked}".encode()).hexdigest()

    def _send_udp(self, pictures: bytes) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
            while pictures:
                end = 4 + int.from_bytes(pictures[2:4])
                port.sendto(pictures[4:end], ("127.0.0.1", self._client_port))
                pictures = pictures[end:]

    def _description(self) -> bytes:
        """SDP (RFC 4566) without parameter sets: they are sent in the stream, as cameras do."""
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=camera", "c=IN IP4 0.0.0.0", "t=0 0"]
        media = [
            f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
            f"a=rtpmap:{PAYLOAD_TYPE} {self._codec}/{CLOCK_HZ}",
            "a=control:track1",
        ]
        return "".join(f"{line}\r\n" for line in [*lines, *media]).encode()

    def _packets(self) -> bytes:
        """Every NAL unit in an RTP packet of its own, and that in a frame of the connection."""
        sent = b""
        picture = 0
        for number, unit in enumerate(self._units):
            following = self._units[number + 1] if number + 1 < len(self._units) else b""
            is_last = self._is_slice(unit) and not (self._is_slice(following) and not self._begins_picture(following))
            if not self._is_slice(unit) or picture >= self._skipped:
                head = bytes([0x80, PAYLOAD_TYPE | (0x80 if is_last else 0)]) + number.to_bytes(2)
                packet = head + (picture * self._ticks).to_bytes(4) + (1).to_bytes(4) + unit
                sent += b"$\0" + len(packet).to_bytes(2) + packet
            picture += is_last
        return sent

    def _is_slice(self, unit: bytes) -> bool:
        if self._codec == "H265":
            return bool(unit) and unit[0] >> 1 & 0x3F < 32
        return bool(unit) and unit[0] & 0x1F in SLICES

    def _begins_picture(self, unit: bytes) -> bool:
        """By the first bit of its slice header: first_mb_in_slice is 0, or first_slice_segment_in_pic_flag is set."""
        return bool(unit[2 if self._codec == "H265" else 1] & 0x80)
