"""HTTP requests that are nearly right, by chance: each made of real parts, then damaged a little, or a lot."""

import random
from collections.abc import Callable

METHODS = ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS", "TRACE", "get", "", "G\tT", "GET" * 50)
PATHS = (
    *("/", "/camera/front/", "/camera/front", "/camera/x/", "/camera/front/snapshot.jpg", "/camera/front/clip.avi"),
    *("/camera/front/ws", "/ws", "/api/cameras", "/api/cameras/front/controls", "/api/me", "/login", "/logout"),
    *("/healthz", "/readyz", "/metrics", "/state", "/snapshot", "/live.jpg", "/page/app.js", "/page/../server.py"),
    *(
        "/page/%2e%2e/%2e%2e/etc/passwd",
        "//evil.example/",
        "/%00",
        "/\u00e9",
        "*",
        "",
        "http://evil.example/",
        "/?action=",
    ),
)
QUERIES = (
    *(
        "",
        "?",
        "?token=x",
        "?width=0&height=-1",
        "?timeout=0.01",
        "?max_age=nan",
        "?fresh=1&timeout=0.01",
        "?ago=1e309",
    ),
    *(
        "?action=snapshot&timeout=0.01",
        "?seconds=99999999999",
        "?next=//evil.example",
        "?%",
        "?a=%ff%fe",
        "?=&=&",
        "?token=",
    ),
)
VERSIONS = ("HTTP/1.1", "HTTP/1.0", "HTTP/2", "HTTP/9.9", "http/1.1", "", "HTTP/1.1 x")
HEADERS = (
    *("Host: 127.0.0.1", "Host: evil.example", "Host: [", "Host:", "Connection: close", "Connection: Upgrade"),
    *("Upgrade: websocket", "Sec-WebSocket-Key: x", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Origin: null"),
    *(
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: framebus.v1",
        "Origin: http://[",
        "Origin: http://127.0.0.1",
    ),
    *("Content-Length: 5", "Content-Length: -1", "Content-Length: 99999999999", "Content-Length: 5, 6"),
    *("Transfer-Encoding: chunked", "Transfer-Encoding: chunked, chunked", "Content-Type: application/json"),
    *("Content-Type: application/x-www-form-urlencoded", "Content-Type: multipart/form-data; boundary=x"),
    *("Authorization: Basic !", "Authorization: Basic YTpi", "Authorization: Bearer x", "Authorization:"),
    *(
        "Cookie: framebus_session=x",
        "Cookie: framebus_session=2|1:0|10:1|1:x|1:y|z",
        "Cookie: ;=;",
        "Expect: 100-continue",
    ),
    *(
        "If-None-Match: W/x",
        "Range: bytes=0-",
        "X-Forwarded-For: 1.2.3.4",
        "X-Forwarded-Host: evil",
        "Accept: text/html",
    ),
    *(
        "Sec-Fetch-Site: cross-site",
        "Accept-Encoding: gzip",
        " folded: line",
        "No colon",
        "\u00e9: \u00e9",
        "A" * 9000 + ": x",
    ),
)
INSERTS = (b"\0", b"\r\n", b"\n", b"%", b"\xff\xfe", b": ", b"\r\n\r\n", b" " * 300)
DEEP = b"[" * 5000
BODIES = (
    b"",
    b"{}",
    b'{"brightness": 1e999}',
    b"name=a&password=b",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"\xff" * 50,
    b"[" * 5000,
)


def request(chance: random.Random) -> bytes:
    """One of them."""
    line = f"{chance.choice(METHODS[:8])} {chance.choice(PATHS)}{chance.choice(QUERIES)} {chance.choice(VERSIONS[:2])}"
    if chance.random() < 0.1:
        line = " ".join(map(chance.choice, (METHODS, PATHS, VERSIONS)))
    headers = chance.sample(HEADERS, chance.randrange(6))
    made = "\r\n".join([line, "Host: 127.0.0.1", *headers, "", ""]).encode("utf-8") + chance.choice(BODIES)
    return chance.choice(DAMAGES)(made, chance) if chance.random() < 0.5 else made


def _flip(text: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(text))
    return text[:at] + bytes([chance.randrange(256)]) + text[at + 1 :]


def _cut(text: bytes, chance: random.Random) -> bytes:
    return text[: chance.randrange(len(text))]


def _insert(text: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(text))
    return (
        text[:at]
        + chance.choice((b"\0", b"\r\n", b"\n", b"%", b"\xff\xfe", b": ", b"\r\n\r\n", b" " * 300))
        + text[at:]
    )


def _repeat(text: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(text))
    return text[:at] + text[at : at + 40] * chance.randrange(1, 30) + text[at:]


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (_flip, _cut, _insert, _repeat)
