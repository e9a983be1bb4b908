"""A request that is refused gets an answer and then the end of its connection, over real sockets."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator

import pytest

from gateway.net.request_head import MAX_HEAD_BYTES
from gateway.net.request_stream import LINGER_BYTES
from tests.conftest import Configure
from tests.gateway.conftest import Site, serving
from tests.gateway.net.certificate import Certificate

CONTROLS = "/api/cameras/front/controls"


@pytest.fixture
async def site(configure: Configure) -> AsyncIterator[Site]:
    async with serving(configure(gateway="max_request_kb = 1")) as made:
        yield made


async def answer_to(site: Site, request: bytes, tls: ssl.SSLContext | None = None) -> tuple[bytes, bytes]:
    """Everything that comes until the connection ends: status line and headers, and the body."""
    listen = site.config.gateway.listen
    reader, writer = await asyncio.open_connection(listen.host, listen.port, ssl=tls)
    try:
        writer.write(request)
        async with asyncio.timeout(10):
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
    return head, body


@pytest.mark.parametrize(
    ("request_bytes", "status", "body"),
    [
        (b"GET /" + b"x" * 20_000, b"414", b"414: the request line has more than 16384 bytes\n"),
        (
            b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20_000,
            b"431",
            b"431: the headers have more than 16384 bytes\n",
        ),
        (
            b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
            b"400",
            b"400: the request line is malformed; allowed: METHOD TARGET HTTP/1.1\n",
        ),
        (
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"505",
            b"505: HTTP/2.0 is not spoken here; allowed: HTTP/1.1, HTTP/1.0\n",
        ),
        (
            b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n",
            b"413",
            b"413: the body has more than 1000 bytes; allowed: max_request_kb in [gateway]\n",
        ),
        (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"400",
            b"400: this port speaks http and not https; set tls_cert and tls_key for https\n",
        ),
        (b"HEAD /a b HTTP/1.1\r\nHost: x\r\n\r\n", b"400", b""),
        (
            b"GET /a b HTTP/1.0\r\n\r\n",
            b"400",
            b"400: the request line is malformed; allowed: METHOD TARGET HTTP/1.1\n",
        ),
    ],
    ids=["path", "headers", "line", "HTTP/2", "body", "TLS", "HEAD", "HTTP/1.0"],
)
async def test_a_request_that_is_refused_gets_an_answer(
    request_bytes: bytes, status: bytes, body: bytes, site: Site
) -> None:
    head, text = await answer_to(site, request_bytes)
    assert (head.split(b" ")[1], text) == (status, body)
    assert b"\r\nConnection: close" in head


@pytest.mark.parametrize(
    ("request_line", "status", "header"),
    [
        ("OPTIONS * HTTP/1.1", b"204", b"Allow: GET, HEAD, POST, DELETE, PATCH, OPTIONS"),
        ("GET * HTTP/1.1", b"400", b"Content-Type: text/plain; charset=utf-8"),
        ("DELETE /healthz HTTP/1.1", b"405", b"Allow: GET, HEAD, OPTIONS"),
        ("BREW /healthz HTTP/1.1", b"405", b"Allow: GET, HEAD, OPTIONS"),
        ("TRACE / HTTP/1.1", b"405", b"Allow: GET, HEAD, OPTIONS"),
        ("HEAD /ws HTTP/1.1", b"405", b"Allow: GET, OPTIONS"),
        ("GET /ws HTTP/1.1", b"426", b"Upgrade: websocket"),
        ("GET /camera/front/ws HTTP/1.1", b"426", b"Upgrade: websocket"),
        ("GET /camera/front/ws HTTP/1.0", b"400", b"Content-Type: text/plain; charset=utf-8"),
        (f"PATCH {CONTROLS} HTTP/1.1", b"415", b"Content-Type: application/json"),
        (f"PATCH {CONTROLS} HTTP/1.1\r\nContent-Type: application/json", b"411", b"Content-Type: application/json"),
        (f"POST {CONTROLS} HTTP/1.1\r\nContent-Type: text/plain", b"415", b"Content-Type: application/json"),
        ("GET /healthz HTTP/1.0", b"200", b"X-Content-Type-Options: nosniff"),
        ("HEAD /nothing HTTP/1.0", b"404", b"Content-Type: text/plain; charset=utf-8"),
    ],
)
async def test_a_request_that_no_handler_serves_is_told_why(
    request_line: str, status: bytes, header: bytes, site: Site
) -> None:
    head, body = await answer_to(site, f"{request_line}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert head.split(b" ")[1] == status, head
    assert header.lower() in [line.lower() for line in head.split(b"\r\n")], head
    assert body == b"" if request_line.startswith("HEAD") or status == b"204" else body.strip()


HANDSHAKE = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("Upgrade: h2c\r\nConnection: Upgrade\r\n", b"426"),
        ("Upgrade: websocket\r\n", b"426"),
        ("Upgrade: h2c\r\nConnection: close\r\n", b"426"),
        (f"{HANDSHAKE}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", b"426"),
        (f"{HANDSHAKE}Sec-WebSocket-Version: 12\r\n", b"426"),
        (f"{HANDSHAKE}Sec-WebSocket-Version: 13\r\nConnection: close\r\n", b"400"),
        (f"{HANDSHAKE}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", b"101"),
    ],
)
async def test_a_websocket_takes_a_handshake(headers: str, status: bytes, site: Site) -> None:
    listen = site.config.gateway.listen
    reader, writer = await asyncio.open_connection(listen.host, listen.port)
    writer.write(f"GET /ws HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode())
    async with asyncio.timeout(10):
        head = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    assert head.split(b" ")[1] == status
    if status == b"426":
        assert b"\r\nSec-Websocket-Version: 13\r\n" in head
        assert b"\r\nUpgrade: websocket\r\n" in head
        assert b"\r\nConnection: Upgrade\r\n" in head or "close" in headers


async def test_a_client_that_goes_on_to_send_gets_the_answer_too(site: Site) -> None:
    """A connection that is closed before is reset, and the answer may be lost."""
    listen = site.config.gateway.listen
    reader, writer = await asyncio.open_connection(listen.host, listen.port)
    writer.write(b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n")
    for _ in range(10):
        writer.write(bytes(50_000))
        await writer.drain()
    async with asyncio.timeout(10):
        assert (await reader.read()).startswith(b"HTTP/1.1 413 ")
    writer.close()


async def test_one_that_never_ends_is_hung_up_on(site: Site) -> None:
    listen = site.config.gateway.listen
    reader, writer = await asyncio.open_connection(listen.host, listen.port)
    writer.write(b"GET /a b HTTP/1.1\r\n\r\n")

    async def flood() -> None:
        while True:
            writer.write(bytes(LINGER_BYTES // 4))
            await writer.drain()

    async with asyncio.timeout(10):
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        with pytest.raises(ConnectionError):
            await flood()
    writer.close()


MALFORMED = b"400: the request is malformed\n"
TOO_LARGE = b"413: the body has more than 1000 bytes; allowed: max_request_kb in [gateway]\n"


@pytest.mark.parametrize(
    ("chunks", "text"),
    [
        (b"3e9\r\n" + bytes(1001) + b"\r\n0\r\n\r\n", TOO_LARGE),
        (b"1f4\r\n" + bytes(500) + b"\r\n1F5\r\n" + bytes(501) + b"\r\n0\r\n\r\n", TOO_LARGE),
        (b"ffffffffffffffff\r\n", TOO_LARGE),
        (b"1\r\na\r\n" * 1001, TOO_LARGE),
        (b"3e8\r\n" + bytes(1000) + b"\r\nzz\r\n", MALFORMED),
        (b"zz\r\n", MALFORMED),
        (b"-1\r\n", MALFORMED),
        (b"z" * 100 + b"\r\n", MALFORMED),
        (b"z" * 100, MALFORMED),
        (b"1" * 100 + b"\r\n", TOO_LARGE),
    ],
    ids=[
        "one",
        "two",
        "announced",
        "many small",
        "no number at the limit",
        "no number",
        "negative",
        "long",
        "endless",
        "long number",
    ],
)
async def test_a_body_in_chunks_that_cannot_be_taken_is_refused_with_a_sentence(
    chunks: bytes, text: bytes, site: Site
) -> None:
    head, body = await answer_to(
        site, b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    )
    assert head.startswith(b"HTTP/1.1 " + text[:3])
    assert b"\r\nServer: framebus/" in head
    assert body == text


async def test_a_client_that_goes_on_to_send_chunks_gets_the_answer_too(site: Site) -> None:
    listen = site.config.gateway.listen
    reader, writer = await asyncio.open_connection(listen.host, listen.port)
    writer.write(b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(10):
        writer.write(b"c350\r\n" + bytes(50_000) + b"\r\n")
        await writer.drain()
    async with asyncio.timeout(10):
        assert (await reader.read()).startswith(b"HTTP/1.1 413 ")
    writer.close()


async def test_the_chunks_of_one_request_do_not_count_for_the_next(site: Site) -> None:
    request = (
        b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" + bytes(1000) + b"\r\n0\r\n\r\n"
    )
    head, rest = await answer_to(site, request + request + request.replace(b"3e8", b"zz"))
    assert head.startswith(b"HTTP/1.1 401 ")
    assert rest.count(b"HTTP/1.1 401 ") == 1
    assert rest.endswith(MALFORMED)


async def test_requests_behind_each_other_are_answered_in_turn(site: Site) -> None:
    good = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    head, rest = await answer_to(site, good + good + b"GET / HTTP/1.1\r\nbad\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert rest.count(b"HTTP/1.1 200 OK") == 1
    assert b"HTTP/1.1 400 Bad Request" in rest


async def test_a_head_that_comes_byte_by_byte_is_read(site: Site) -> None:
    listen = site.config.gateway.listen
    reader, writer = await asyncio.open_connection(listen.host, listen.port)
    for byte in b"GET /healthz HTTP/1.0\r\n\r\n":
        writer.write(bytes([byte]))
        await writer.drain()
    async with asyncio.timeout(10):
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
    writer.close()


async def test_refused_requests_are_counted_and_not_quoted(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for _ in range(3):
        await answer_to(site, b"GET /?token=s3cret HTTP/1.1\r\nAuthorization Bearer s3cret\r\n\r\n")
    site.gateway._refused.flush()
    assert site.gateway._refused.total["malformed requests"] == 3
    assert "header line 1 is malformed" in caplog.text
    assert "s3cret" not in caplog.text


@pytest.mark.slow
async def test_over_tls_too(configure: Configure, certificate: Certificate) -> None:
    async with serving(configure(gateway=certificate.settings)) as site:
        head, _ = await answer_to(site, b"GET /" + b"x" * (2 * MAX_HEAD_BYTES), certificate.trusting)
    assert head.startswith(b"HTTP/1.1 414 ")
