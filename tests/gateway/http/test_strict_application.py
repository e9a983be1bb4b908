"""Requests whose target or headers Tornado itself does not handle."""

import asyncio
import contextlib
import logging
from typing import Any

import pytest
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine

from gateway.http.strict_application import StrictDelegate
from gateway.net.request_stream import MALFORMED
from tests.conftest import Configure
from tests.gateway.camera import jpeg
from tests.gateway.conftest import Site, serving
from tests.gateway.still_service import StillService


async def raw(site: Site, target: str, host: str = "x") -> bytes:
    """The answer to a request whose target no client of ours would send."""
    listen = site.config.gateway.listen
    reader, writer = await asyncio.open_connection(listen.host, listen.port)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


@pytest.mark.parametrize(
    "target",
    ["//snapshot.jpg", "/%73napshot.jpg", "http://localhost/snapshot.jpg", "/./snapshot.jpg", "/page/..//snapshot.jpg"],
)
async def test_a_target_of_another_form_is_served(target: str, site: Site) -> None:
    async with StillService(site.config).answering(jpeg("green")):
        answer, _, body = (await raw(site, target)).partition(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert body == jpeg("green")


async def test_the_host_of_the_target_counts_more_than_the_header(site: Site) -> None:
    """Otherwise a page of another site could pass the check of the Host header."""
    assert b" 200 " in (await raw(site, "http://localhost/api/cameras", host="evil.example")).partition(b"\r\n")[0]
    assert b" 403 " in (await raw(site, "http://evil.example/api/cameras", host="localhost")).partition(b"\r\n")[0]


class Recorder(HTTPMessageDelegate):
    """Keeps what it is called with."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def headers_received(self, start_line: Any, headers: HTTPHeaders) -> None:
        self.calls.append((start_line, dict(headers)))

    def data_received(self, chunk: bytes) -> None:
        self.calls.append(chunk)

    def finish(self) -> None:
        self.calls.append("finish")

    def on_connection_close(self) -> None:
        self.calls.append("closed")


def test_the_delegate_passes_everything_on() -> None:
    recorder = Recorder()
    delegate = StrictDelegate(recorder, None)  # type: ignore[arg-type]
    delegate.headers_received(RequestStartLine("GET", "http://a//b/../c", "HTTP/1.1"), HTTPHeaders({"Host": "z"}))
    delegate.data_received(b"body")
    delegate.finish()
    delegate.on_connection_close()
    assert recorder.calls == [(RequestStartLine("GET", "/c", "HTTP/1.1"), {"Host": "a"}), b"body", "finish", "closed"]


def test_what_comes_of_a_body_that_was_given_up_is_dropped() -> None:
    recorder = Recorder()
    delegate = StrictDelegate(recorder, None)  # type: ignore[arg-type]
    delegate.on_connection_close()
    assert delegate.data_received(b"late") is None
    delegate.finish()
    assert recorder.calls == ["closed"]


@pytest.mark.slow
async def test_a_body_of_many_chunks_that_takes_too_long_is_no_traceback(
    configure: Configure, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(configure(gateway="request_timeout = 1")) as site:
        listen = site.config.gateway.listen
        reader, writer = await asyncio.open_connection(listen.host, listen.port)
        writer.write(b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(10):
                while not reader.at_eof():
                    writer.write(b"1\r\na\r\n" * 1000)
                    await writer.drain()
                    await asyncio.sleep(0)
        writer.close()
        assert site.gateway._refused.total["requests failed"] == 0
    assert "Traceback" not in caplog.text


def test_a_response_passes_unchanged() -> None:
    recorder = Recorder()
    line = ResponseStartLine("HTTP/1.1", 200, "OK")
    StrictDelegate(recorder, None).headers_received(line, HTTPHeaders())  # type: ignore[arg-type]
    assert recorder.calls == [(line, {})]


async def test_a_host_that_python_cannot_read_is_no_traceback(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(3):
        assert (await raw(site, "/", "a:" + "1" * 5000)).startswith(MALFORMED.partition(b"\r\n")[0])
    assert site.gateway._refused.total["malformed requests"] == 3
    assert site.gateway._refused.total["requests failed"] == 0
    assert "Traceback" not in caplog.text
