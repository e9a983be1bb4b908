"""What is wrong with the head of an HTTP request (RFC 9112, sections 2 to 6), and the answer to it. Pure.

Tornado closes the connection of such a request, with an answer of one line at best. A client then cannot tell a mistake
of its own from a gateway that is down.
"""

import json
import re
from http import HTTPStatus

import msgspec

from framebus import __version__
from gateway.net.errors import wants_json

MAX_HEAD_BYTES = 16 * 1024
COMPLETE_OR_TOO_LARGE = rb"(?s)\A(?:\x16\x03|.{0,%d}?\r?\n\r?\n|.{%d})" % (MAX_HEAD_BYTES, MAX_HEAD_BYTES + 1)
"""A regular expression for what to read: a complete head, the beginning of one that is too large, or of TLS."""

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_LINE = re.compile(rb"(%s) ([!-~\x80-\xff]+) HTTP/(\d\.\d)" % _TOKEN)
_FIELD = re.compile(rb"(%s):[ \t]*([ \t!-~\x80-\xff]*)" % _TOKEN)
_VALID = re.compile(
    rb"(?:\r?\n)*%s [!-~\x80-\xff]+ HTTP/1\.\d\r?\n(?:%s:[\t -~\x80-\xff]*\r?\n)*\r?\n" % (_TOKEN, _TOKEN)
)
_FRAMING = re.compile(rb"\n(host|content-length|transfer-encoding)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+(?:%25[!-~]+)?\]|[^\x00-\x20\"<>\\^`{|}/?#@\[\]:]*)(?::\d{0,5})?")
_ACCEPT = re.compile(rb"\naccept[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
TLS_HANDSHAKE = b"\x16\x03"
"""The first bytes of a TLS record with a ClientHello (RFC 8446, section 5.1)."""


class Refusal(msgspec.Struct, frozen=True):
    """Why a request is refused. The message quotes nothing of the request: it may hold a secret."""

    status: int
    code: str
    message: str


def refusal(head: bytes, max_body_bytes: int) -> Refusal | None:
    """What is wrong with a head that was read by COMPLETE_OR_TOO_LARGE; None if nothing is.

    Args:
        head: from the request line to the empty line.
        max_body_bytes: a larger Content-Length is refused.
    """
    if _VALID.fullmatch(head) is None:
        return _flaw(head)
    return _framing(head, max_body_bytes)


def too_large(max_body_bytes: int) -> Refusal:
    """The refusal of a larger body."""
    return Refusal(
        413, "too-large", f"the body has more than {max_body_bytes} bytes; allowed: max_request_kb in [gateway]"
    )


def too_late(seconds: float) -> Refusal:
    """The refusal of a request that has not come to its end within so many seconds."""
    return Refusal(408, "too-late", f"no complete request within {seconds:g} s; allowed: request_timeout in [gateway]")


def answer(head: bytes, refused: Refusal) -> bytes:
    """The response to a request that is refused; the connection ends with it."""
    method, path = _method_and_path(head)
    accept = _ACCEPT.search(head)
    if wants_json(path, accept[1].decode("latin-1") if accept else ""):
        kind, body = "application/json", json.dumps({"error": {"code": refused.code, "message": refused.message}})
    else:
        kind, body = "text/plain; charset=utf-8", f"{refused.status}: {refused.message}"
    content = f"{body}\n".encode()
    lines = [
        f"HTTP/1.1 {refused.status} {HTTPStatus(refused.status).phrase}",
        f"Server: framebus/{__version__}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(content)}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + (b"" if method == "HEAD" else content)


def _flaw(head: bytes) -> Refusal:
    """What is wrong with the form of a head."""
    if head.startswith(TLS_HANDSHAKE):
        return Refusal(400, "no-http", "this port speaks http and not https; set tls_cert and tls_key for https")
    lines = head.lstrip(b"\r\n").split(b"\n")
    line = lines[0].removesuffix(b"\r")
    if len(head) > MAX_HEAD_BYTES:
        if len(line) > MAX_HEAD_BYTES - 8:
            return Refusal(414, "uri-too-long", f"the request line has more than {MAX_HEAD_BYTES} bytes")
        return Refusal(431, "headers-too-large", f"the headers have more than {MAX_HEAD_BYTES} bytes")
    request = _LINE.fullmatch(line)
    if request is None:
        return Refusal(400, "bad-request", "the request line is malformed; allowed: METHOD TARGET HTTP/1.1")
    if not request[3].startswith(b"1."):
        return Refusal(505, "version", f"HTTP/{request[3].decode()} is not spoken here; allowed: HTTP/1.1, HTTP/1.0")
    number = next((at for at, field in enumerate(lines[1:-2], 1) if not _FIELD.fullmatch(field.removesuffix(b"\r"))), 0)
    return Refusal(400, "bad-request", f"header line {number} is malformed; allowed: NAME: VALUE, on one line")


def _framing(head: bytes, max_body_bytes: int) -> Refusal | None:
    """What is wrong with the fields that say where a request goes and where it ends."""
    hosts: list[bytes] = []
    lengths: set[bytes] = set()
    encodings: list[bytes] = []
    for name, value in _FRAMING.findall(head):
        match name[:1].lower():
            case b"h":
                hosts.append(value.rstrip())
            case b"c":
                lengths.update(part.strip() for part in value.split(b","))
            case _:
                encodings.append(value.strip().lower())
    if len(hosts) != 1 and (hosts or b" HTTP/1.0" not in head.lstrip(b"\r\n").partition(b"\n")[0]):
        return Refusal(400, "bad-host", f"{len(hosts)} Host headers; allowed: one")
    if hosts and not _HOST.fullmatch(hosts[0]):
        return Refusal(400, "bad-host", "the Host header is malformed; allowed: NAME or NAME:PORT")
    if encodings and (lengths or len(encodings) > 1):
        return Refusal(400, "bad-length", "both Content-Length and Transfer-Encoding; allowed: one of them")
    if encodings and encodings[0] != b"chunked":
        return Refusal(501, "transfer-encoding", "this Transfer-Encoding is not supported; allowed: chunked")
    if len(lengths) > 1 or not all(length.isdigit() for length in lengths):
        return Refusal(400, "bad-length", "the Content-Length is malformed; allowed: one whole number")
    if any(len(length) > 18 or int(length) > max_body_bytes for length in lengths):
        return too_large(max_body_bytes)
    return None


def _method_and_path(head: bytes) -> tuple[str, str]:
    """As far as they can be read."""
    words = head.lstrip(b"\r\n")[:MAX_HEAD_BYTES].split(b"\n", 1)[0].split(b" ", 2)
    return words[0].decode("latin-1"), words[1].decode("latin-1") if len(words) > 1 else ""
