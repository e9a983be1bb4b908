"""Requests whose end a proxy and the gateway might see at different places, through the real nginx and Caddy.

Both proxies send the requests of all clients over one connection here. Where the two disagreed, the rest of one request
would be read as the beginning of the next one, which is another client's (RFC 9112, section 11.2).
"""

import getpass
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import TESTCARD, Configure, Start
from tests.e2e.proxies import TEMPORARY
from tests.ports import free_ports
from tests.processes import Running, wait_until
from tests.programs import need

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
LINES = (b"POST /login HTTP/1.1\r\nHost: x\r\n", b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
ENCODINGS = (
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding : chunked", b"Transfer-Encoding: xchunked"),
    *(b"Transfer-Encoding: chunked, identity", b"Transfer-Encoding:\x0bchunked", b'Transfer-Encoding: "chunked"'),
    *(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x", b"X: y\nTransfer-Encoding: chunked"),
    *(b"Transfer_Encoding: chunked", b"Transfer-Encoding:\r\n chunked"),
)
LENGTHS = (b"0", b"+0", b"-0", b"0, 0", b"0,5", b"0x0", b"0\r\nContent-Length: 35", b"35\r\nContent-Length: 0", b"0_0")
CHUNKS = (
    *(b"0;a\nb\r\n\r\n", b"0\n\n", b"0 \r\n\r\n", b"0x0\r\n\r\n", b"+0\r\n\r\n", b"2\r\nabX\r0\r\n\r\n"),
    *(b"0\r\nX: y\r\n\r\n", b"0\r\nContent-Length: 50\r\n\r\n", b"5;\n0\r\n\r\nabcde\r\n0\r\n\r\n"),
    b"10000000000000000\r\n0\r\n\r\n",
)
ANSWER_SECONDS = 0.1
"""How long an answer to an attack is read; some never come."""


def attacks() -> Iterator[bytes]:
    """Requests with two ends, with a second request behind the first of these."""
    for line in LINES:
        for encoding in ENCODINGS:
            end = b"0\r\n\r\n" + SMUGGLED
            yield line + encoding + b"\r\nContent-Length: %d\r\n\r\n" % len(end) + end
            chunk = b"%x\r\n" % len(SMUGGLED) + SMUGGLED + b"\r\n0\r\n\r\n"
            yield line + encoding + b"\r\nContent-Length: 4\r\n\r\n" + chunk
        for length in LENGTHS:
            yield line + b"Content-Length: " + length + b"\r\n\r\n" + SMUGGLED
        for chunks in CHUNKS:
            yield line + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + SMUGGLED
        yield line + b"X: a\rContent-Length: 35\r\n\r\n" + SMUGGLED
        yield line + b"Expect: 100-continue\r\nContent-Length: 35\r\n\r\n" + SMUGGLED
        yield line + b"Connection: Content-Length\r\nContent-Length: 35\r\n\r\n" + SMUGGLED


def nginx(folder: Path, port: int, gateway: str) -> tuple[str, ...]:
    """The command of an nginx that keeps its connection, and passes on headers of any name."""
    folders = "".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""  # else its workers could not read the folder
    file = folder / "nginx.conf"
    file.write_text(
        f"{user} daemon off; worker_processes 1; pid {folder}/pid;\n"
        f"error_log stderr; events {{}} http {{ access_log off; {folders}\n"
        f"upstream gateway {{ server {gateway}; keepalive 1; }}\n"
        f"server {{ listen 127.0.0.1:{port}; ignore_invalid_headers off; underscores_in_headers on;\n"
        'location / { proxy_pass http://gateway; proxy_http_version 1.1; proxy_set_header Connection "";\n'
        "proxy_request_buffering off; proxy_set_header Host $http_host; } } }\n"
    )
    return (need("nginx"), "-e", "stderr", "-p", str(folder), "-c", str(file))


def caddy(folder: Path, port: int, gateway: str) -> tuple[str, ...]:
    """The command of a Caddy that has one connection."""
    file = folder / "Caddyfile"
    transport = "transport http {\nkeepalive_idle_conns_per_host 1\nmax_conns_per_host 1\n}"
    file.write_text(f"{{\nadmin off\n}}\nhttp://:{port} {{\nreverse_proxy {gateway} {{\n{transport}\n}}\n}}\n")
    return (need("caddy"), "run", "--config", str(file), "--adapter", "caddyfile")


def talk(port: int, request: bytes, seconds: float) -> bytes:
    """Send a request, and read its answer until its end, or for so long without a byte."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.settimeout(seconds)
        try:
            client.sendall(request)
            while received := client.recv(65536):
                answer += received
        except OSError:  # the time is over, or the proxy has reset the connection
            pass
    return answer


@pytest.mark.parametrize("program", [nginx, caddy])
def test_no_request_ends_within_another(
    program: Callable[[Path, int, str], tuple[str, ...]], configure: Configure, start: Start, tmp_path: Path
) -> None:
    config = configure(TESTCARD, gateway='trusted_proxies = ["127.0.0.1"]\nallow_anonymous = true\nrequest_timeout = 3')
    start("gateway", config=config).wait_for("listening on")
    folder = tmp_path / "proxy"
    folder.mkdir()
    (port,) = free_ports(1)
    command = program(folder, port, str(config.gateway.listen))
    proxy = Running(*command, log=folder / "log", environment={"HOME": str(folder)})
    canary = b"GET /canary%d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    try:
        wait_until(lambda: b"/canary0;" in talk_or_nothing(port, canary % 0), "the proxy passes on")
        wrong = []
        for number, attack in enumerate(attacks(), 1):
            talk(port, attack, ANSWER_SECONDS)
            if b"/canary%d;" % number not in talk(port, canary % number, 15):
                wrong.append(attack)
        assert wrong == []
    finally:
        proxy.close()


def talk_or_nothing(port: int, request: bytes) -> bytes:
    """The same, of a proxy that may not listen yet."""
    try:
        return talk(port, request, 5)
    except OSError:
        return b""
