"""Parses RTSP messages and the RTP packets interleaved with them (RFC 2326, sections 6, 7 and 10.12)."""

import msgspec

from framebus.errors import FramebusError

MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 1024 * 1024
DOLLAR = b"$"
ANSWERED_METHODS = ("OPTIONS", "GET_PARAMETER", "SET_PARAMETER")


class RtspError(FramebusError, ValueError):
    """What the other side sends is no RTSP."""


class Message(msgspec.Struct, frozen=True):
    """A reply of the camera, or a request of it."""

    first_line: str
    headers: dict[str, list[str]] = msgspec.field(default_factory=dict)
    """Their names in lower case."""
    body: bytes = b""

    @property
    def status(self) -> int:
        """The status code; 0 for a request."""
        words = self.first_line.split(" ", 2)
        is_reply = words[0].upper().startswith("RTSP/") and len(words) > 1 and words[1].isdigit()
        return int(words[1]) if is_reply else 0

    def header(self, name: str) -> str:
        """The first value of a header, its name in lower case; empty without it."""
        return self.headers.get(name, [""])[0]


class Interleaved(msgspec.Struct, frozen=True):
    """A packet of RTP or RTCP within the connection."""

    channel: int
    data: bytes


def request(method: str, uri: str, sequence: int, headers: dict[str, str]) -> bytes:
    """The bytes of a request without a body."""
    lines = [f"{method} {uri} RTSP/1.0", f"CSeq: {sequence}", "User-Agent: framebus"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def reply_to(asked: Message) -> bytes:
    """The bytes of the answer to a request of the camera, which asks so whether its client is still there."""
    method = asked.first_line.partition(" ")[0].upper()
    status = "200 OK" if method in ANSWERED_METHODS else "501 Not Implemented"
    lines = [f"RTSP/1.0 {status}", f"CSeq: {asked.header('cseq')}"]
    if session := asked.header("session"):
        lines.append(f"Session: {session}")
    return "\r\n".join([*lines, "", ""]).encode()


class Receiver:
    """Feed it what comes; it gives back messages and packets as soon as they are complete."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Message | Interleaved]:
        """Raises RtspError."""
        self._buffer += data
        found: list[Message | Interleaved] = []
        while (one := self._next()) is not None:
            found.append(one)
        return found

    def _next(self) -> Message | Interleaved | None:
        while self._buffer.startswith((b"\r", b"\n")):
            del self._buffer[:1]
        return self._packet() if self._buffer.startswith(DOLLAR) else self._message()

    def _packet(self) -> Interleaved | None:
        if len(self._buffer) < 4:
            return None
        end = 4 + int.from_bytes(self._buffer[2:4])
        if len(self._buffer) < end:
            return None
        packet = Interleaved(self._buffer[1], bytes(self._buffer[4:end]))
        del self._buffer[:end]
        return packet

    def _message(self) -> Message | None:
        end = self._buffer.find(b"\r\n\r\n")
        width = 4
        if end < 0:
            end, width = self._buffer.find(b"\n\n"), 2
        if end < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise RtspError(f"{len(self._buffer)} bytes without the end of a message")
            return None
        lines = bytes(self._buffer[:end]).decode("utf-8", "replace").splitlines()
        if not lines or "RTSP/" not in lines[0].upper():
            raise RtspError("no RTSP message")
        headers: dict[str, list[str]] = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers.setdefault(name.strip().lower(), []).append(value.strip())
        length = headers.get("content-length", ["0"])[0]
        size = int(length[:9]) if length.isdigit() else 0
        if size > MAX_BODY_BYTES:
            raise RtspError(f"a body of {size} bytes, allowed: at most {MAX_BODY_BYTES}")
        if len(self._buffer) < end + width + size:
            return None
        body = bytes(self._buffer[end + width : end + width + size])
        del self._buffer[: end + width + size]
        return Message(lines[0], headers, body)
