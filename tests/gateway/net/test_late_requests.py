"""Requests that do not come to their end get an answer, in plain HTTP and over TLS."""

import asyncio
import logging

import pytest

from tests.conftest import Configure
from tests.gateway.conftest import serving, until
from tests.gateway.net.certificate import Certificate
from tests.gateway.net.test_request_stream import answer_to

LATE = "no complete request within 1 s; allowed: request_timeout in [gateway]"


@pytest.mark.slow
@pytest.mark.parametrize("is_encrypted", [False, True])
async def test_a_request_that_does_not_end_is_answered(
    is_encrypted: bool, configure: Configure, certificate: Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise its client cannot tell a slow line from a gateway that is down."""
    caplog.set_level(logging.INFO)
    gateway = (certificate.settings if is_encrypted else "") + "request_timeout = 1"
    controls = b"PATCH /api/cameras/front/controls HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    good = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    text, as_json = f"408: {LATE}\n".encode(), b'{"error": {"code": "too-late", "message": "' + LATE.encode() + b'"}}\n'
    async with serving(configure(gateway=gateway)) as site:
        answers = await asyncio.gather(
            *(
                answer_to(site, request, certificate.trusting if is_encrypted else None)
                for request in (
                    b"G",
                    b"GET / HTTP/1.1\r\nHost: x\r\nX-A: b\r\n",
                    b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\nname",
                    b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nname=\r\n",
                    controls + b"Content-Length: 20\r\n\r\n{",
                    good + b"GET /",
                )
            )
        )
        assert [head.split(b" ")[1] for head, _ in answers] == [b"408"] * 5 + [b"200"]
        assert [body for _, body in answers[:5]] == [text] * 4 + [as_json]
        assert answers[5][1].endswith(text)
        await until(lambda: site.gateway._connections.open == 0)
        assert site.gateway._refused.total["malformed requests"] == 6
        assert site.gateway._refused.total["requests failed"] == 0
    assert "Traceback" not in caplog.text


@pytest.mark.slow
async def test_a_connection_without_a_request_ends_without_an_answer(configure: Configure) -> None:
    """Browsers open some in advance, and keep those that had an answer."""
    async with serving(configure(gateway="request_timeout = 1")) as site:
        assert await answer_to(site, b"") == (b"", b"")
        head, body = await answer_to(site, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert body == b'{"ok": true}'


@pytest.mark.slow
async def test_an_answer_may_take_longer_than_its_request(configure: Configure) -> None:
    async with serving(configure(gateway="request_timeout = 1\nsnapshot_timeout = 2")) as site:
        head, body = await answer_to(site, b"GET /snapshot HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 504 ")
        assert b"408" not in body


@pytest.mark.slow
async def test_a_client_that_ends_its_late_request_is_not_served(configure: Configure) -> None:
    """It was told that it is late."""
    async with serving(configure(gateway="request_timeout = 1")) as site:
        listen = site.config.gateway.listen
        reader, writer = await asyncio.open_connection(listen.host, listen.port)
        writer.write(b"POST /logout HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
        async with asyncio.timeout(10):
            answer = await reader.readuntil(b"[gateway]\n")
            writer.write(b"bGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert await reader.read() == b""
        writer.close()
        assert answer.startswith(b"HTTP/1.1 408 ")
        await until(lambda: site.gateway._connections.open == 0)
