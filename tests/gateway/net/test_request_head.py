"""Heads of requests: what is served, what is refused and with which answer. Nothing of a request is quoted."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus import __version__
from gateway.net.request_head import COMPLETE_OR_TOO_LARGE, MAX_HEAD_BYTES, Refusal, answer, refusal

MAX_BODY_BYTES = 1000
HOST = b"Host: pi:8080\r\n"


def judged(head: bytes) -> Refusal | None:
    return refusal(head, MAX_BODY_BYTES)


def request(*fields: bytes, line: bytes = b"GET / HTTP/1.1", host: bytes = HOST) -> bytes:
    return b"".join([line, b"\r\n", host, *(field + b"\r\n" for field in fields), b"\r\n"])


@pytest.mark.parametrize(
    "head",
    [
        request(),
        request(line=b"GET http://pi:8080/a?b=%20c HTTP/1.1"),
        request(line=b"GET /caf\xc3\xa9 HTTP/1.1"),
        request(line=b"OPTIONS * HTTP/1.1"),
        request(line=b"M-SEARCH /x HTTP/1.1"),
        request(line=b"GET / HTTP/1.0", host=b""),
        request(line=b"GET / HTTP/1.9"),
        request(b"Content-Length: 1000"),
        request(b"content-length:0"),
        request(b"Content-Length: 5, 5"),
        request(b"Transfer-Encoding: Chunked"),
        request(b"X-Empty:", b"X-Tab:\ta\tb", b"X-Latin: \xe9"),
        request(host=b"Host: [::1]:8080\r\n"),
        request(host=b"Host: [fe80::1%25eth0]\r\n"),
        request(host=b"Host:\r\n"),
        request(host=b"host: 127.0.0.1 \r\n"),
        b"\r\n\n" + request(),
        b"GET / HTTP/1.1\nHost: x\n\n",
    ],
)
def test_a_request_is_served(head: bytes) -> None:
    assert judged(head) is None


LINE = "the request line is malformed; allowed: METHOD TARGET HTTP/1.1"
FIELD = "header line 2 is malformed; allowed: NAME: VALUE, on one line"


@pytest.mark.parametrize(
    ("head", "status", "message"),
    [
        (request(line=b"GET /"), 400, LINE),
        (request(line=b"GET /a b HTTP/1.1"), 400, LINE),
        (request(line=b"GET  / HTTP/1.1"), 400, LINE),
        (request(line=b"GET / HTTP/1.1 "), 400, LINE),
        (request(line=b"GET / http/1.1"), 400, LINE),
        (request(line=b"G(T / HTTP/1.1"), 400, LINE),
        (request(line=b"GET /\0 HTTP/1.1"), 400, LINE),
        (request(line=b""), 400, LINE),
        (b"\r\n\r\n", 400, LINE),
        (request(line=b"PRI * HTTP/2.0", host=b""), 505, "HTTP/2.0 is not spoken here; allowed: HTTP/1.1, HTTP/1.0"),
        (request(line=b"GET / HTTP/0.9"), 505, "HTTP/0.9 is not spoken here; allowed: HTTP/1.1, HTTP/1.0"),
        (request(b"no colon"), 400, FIELD),
        (request(b" folded: x"), 400, FIELD),
        (request(b"Name : x"), 400, FIELD),
        (request(b": x"), 400, FIELD),
        (request(b"X: a\rb"), 400, FIELD),
        (request(b"X: a\0b"), 400, FIELD),
        (request(b"X: \x7f"), 400, FIELD),
        (request(b"Good: x", b"bad"), 400, "header line 3 is malformed; allowed: NAME: VALUE, on one line"),
        (request(host=b""), 400, "0 Host headers; allowed: one"),
        (request(b"Host: other"), 400, "2 Host headers; allowed: one"),
        (request(b"Host: other", line=b"GET / HTTP/1.0"), 400, "2 Host headers; allowed: one"),
        (request(host=b"Host: a b\r\n"), 400, "the Host header is malformed; allowed: NAME or NAME:PORT"),
        (request(host=b"Host: user@pi\r\n"), 400, "the Host header is malformed; allowed: NAME or NAME:PORT"),
        (
            request(host=b"Host: a:" + b"1" * 5000 + b"\r\n"),
            400,
            "the Host header is malformed; allowed: NAME or NAME:PORT",
        ),
        (request(b"Content-Length: -1"), 400, "the Content-Length is malformed; allowed: one whole number"),
        (request(b"Content-Length: +1"), 400, "the Content-Length is malformed; allowed: one whole number"),
        (request(b"Content-Length:"), 400, "the Content-Length is malformed; allowed: one whole number"),
        (
            request(b"Content-Length: 5", b"Content-Length: 6"),
            400,
            "the Content-Length is malformed; allowed: one whole number",
        ),
        (request(b"Content-Length: 5, 6"), 400, "the Content-Length is malformed; allowed: one whole number"),
        (
            request(b"Content-Length: 5", b"Transfer-Encoding: chunked"),
            400,
            "both Content-Length and Transfer-Encoding; allowed: one of them",
        ),
        (
            request(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"),
            400,
            "both Content-Length and Transfer-Encoding; allowed: one of them",
        ),
        (
            request(b"Transfer-Encoding: gzip, chunked"),
            501,
            "this Transfer-Encoding is not supported; allowed: chunked",
        ),
        (
            request(b"Content-Length: 1001"),
            413,
            "the body has more than 1000 bytes; allowed: max_request_kb in [gateway]",
        ),
        (
            request(b"Content-Length: " + b"9" * 5000),
            413,
            "the body has more than 1000 bytes; allowed: max_request_kb in [gateway]",
        ),
        (b"\x16\x03", 400, "this port speaks http and not https; set tls_cert and tls_key for https"),
        (b"GET /" + b"x" * (MAX_HEAD_BYTES - 4), 414, "the request line has more than 16384 bytes"),
        (
            request(b"X: " + b"x" * MAX_HEAD_BYTES)[: MAX_HEAD_BYTES + 1],
            431,
            "the headers have more than 16384 bytes",
        ),
    ],
)
def test_a_request_is_refused(head: bytes, status: int, message: str) -> None:
    found = judged(head)
    assert found is not None
    assert (found.status, found.message) == (status, message)


def test_a_head_of_the_largest_size_is_served() -> None:
    head = request(b"X: " + b"x" * (MAX_HEAD_BYTES - len(request(b"X: "))))
    assert len(head) == MAX_HEAD_BYTES
    assert judged(head) is None


def test_so_much_is_read_of_a_connection() -> None:
    read = re.compile(COMPLETE_OR_TOO_LARGE)

    def until(data: bytes) -> int | None:
        match = read.search(data)
        return None if match is None else match.end()

    assert until(request() + b"body\r\n\r\n") == len(request())
    assert until(request()[:-1]) is None
    assert until(b"x" * MAX_HEAD_BYTES) is None
    assert until(b"x" * (MAX_HEAD_BYTES + 9)) == MAX_HEAD_BYTES + 1
    assert until(b"x" * (MAX_HEAD_BYTES - 4) + b"\r\n\r\n") == MAX_HEAD_BYTES
    assert until(b"\x16\x03\x01\x02\0") == 2
    assert until(b"a\r\n\n") == 4


@given(
    st.lists(
        st.sampled_from([b"GET", b" ", b"/", b"HTTP/1.1", b"\r", b"\n", b"Host:", b"x", b"\0", b"\xff", b"\x16\x03"])
    )
)
def test_whatever_comes_is_served_or_refused_with_a_sentence(parts: list[bytes]) -> None:
    head = b"".join(parts) + b"\r\n\r\n"
    found = judged(head)
    if found is not None:
        text = answer(head, found)
        assert text.startswith(f"HTTP/1.1 {found.status} ".encode())
        assert found.message.isascii()


def test_the_answer_is_a_line_of_text_or_json() -> None:
    refused = Refusal(400, "bad-request", "why")
    head, _, body = answer(request(line=b"GET /a b HTTP/1.1"), refused).partition(b"\r\n\r\n")
    assert head.decode().splitlines() == [
        "HTTP/1.1 400 Bad Request",
        f"Server: framebus/{__version__}",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Length: 9",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    ]
    assert body == b"400: why\n"
    for asking in (
        request(line=b"GET /api/x y HTTP/1.1"),
        request(b"Accept: application/json", line=b"GET /a b HTTP/1.1"),
    ):
        head, _, body = answer(asking, refused).partition(b"\r\n\r\n")
        assert b"Content-Type: application/json\r\n" in head
        assert json.loads(body) == {"error": {"code": "bad-request", "message": "why"}}


def test_the_answer_to_head_has_no_body() -> None:
    text = answer(request(line=b"HEAD /a b HTTP/1.1"), Refusal(400, "bad-request", "why"))
    assert text.endswith(b"Connection: close\r\n\r\n")
    assert b"Content-Length: 9\r\n" in text
