"""The gateway behind TLS, its certificate, and what happens to it while viewers are there."""

import asyncio
import contextlib
import json
import os
import signal
import ssl
import subprocess
from pathlib import Path

import pytest
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from framebus.commands.cert import hosts, make
from framebus.config.load import Config
from gateway.delivery.mjpeg import BOUNDARY_LINE, part
from gateway.net import tls
from gateway.net.tls import TlsError
from tests.conftest import Configure, Start
from tests.gateway.camera import PublishedCamera, jpeg, padded
from tests.gateway.conftest import hang_up, serving, until
from tests.processes import wait_until
from tests.programs import need


@pytest.fixture
def pair(run_dir: Path) -> tuple[Path, Path]:
    """A certificate and its key, as `framebus cert` makes them."""
    need("openssl")
    files = run_dir / "framebus.crt", run_dir / "framebus.key"
    make(*files, hosts([]), 10, force=False)
    return files


@pytest.fixture
def secure(configure: Configure, pair: tuple[Path, Path]) -> Config:
    """A gateway with TLS."""
    return configure(gateway='tls_cert = "framebus.crt"\ntls_key = "framebus.key"')


def trusting(certificate: Path) -> ssl.SSLContext:
    """A client that knows this certificate alone, and checks the name on it."""
    return ssl.create_default_context(cafile=str(certificate))


async def test_a_stream_goes_through_tls(secure: Config, pair: tuple[Path, Path]) -> None:
    camera = PublishedCamera(secure)
    async with serving(secure) as site:
        address = secure.gateway.listen
        reader, writer = await asyncio.open_connection(address.host, address.port, ssl=trusting(pair[0]), limit=1 << 22)
        writer.write(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
        camera.show(jpeg())
        async with asyncio.timeout(10):
            await reader.readuntil(BOUNDARY_LINE)
            for picture in (jpeg(), padded(jpeg("blue", (1600, 1200)), 1_000_000)):
                header = camera.show(picture)
                await reader.readuntil(part(picture, header.captured))
        assert site.gateway._cameras.viewers == 1
        assert site.gateway._connections.open == 1
        writer.close()
        await until(lambda: not site.gateway._cameras.viewers and not site.gateway._connections.open)
    camera.close()


@pytest.mark.slow
async def test_who_does_not_speak_tls_is_hung_up_on(configure: Configure, pair: tuple[Path, Path]) -> None:
    """Who says nothing, who speaks plain HTTP, who speaks nonsense: none of them is served, or stays."""
    config = configure(gateway='tls_cert = "framebus.crt"\ntls_key = "framebus.key"\nrequest_timeout = 1')
    async with serving(config) as site:
        for greeting in (b"", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00" + bytes(40)):
            reader, writer = await asyncio.open_connection(config.gateway.listen.host, config.gateway.listen.port)
            writer.write(greeting)
            async with asyncio.timeout(10):
                with contextlib.suppress(ConnectionResetError):
                    assert b"HTTP/1" not in await reader.read()
            writer.close()
        await until(lambda: not site.gateway._connections.open)


def test_old_tls_is_refused(pair: tuple[Path, Path]) -> None:
    assert tls.Certificate(*pair).context.minimum_version == ssl.TLSVersion.TLSv1_2


def served(config: Config) -> bytes:
    """The certificate that the gateway shows now."""
    address = config.gateway.listen
    return ssl.get_server_certificate((address.host, address.port), timeout=10).strip().encode()


def test_a_renewed_certificate_is_taken_on_sighup(secure: Config, pair: tuple[Path, Path], start: Start) -> None:
    gateway = start("gateway", config=secure)
    gateway.wait_for("listening on")
    wait_until(lambda: "https://127.0.0.1" in gateway.log, "the address to open")
    before = pair[0].read_bytes().strip()
    assert served(secure) == before
    make(*pair, hosts([]), 10, force=True)
    after = pair[0].read_bytes().strip()
    assert after != before
    gateway.process.send_signal(signal.SIGHUP)
    gateway.wait_for("read the certificate")
    assert served(secure) == after
    pair[1].write_text("no key")
    gateway.process.send_signal(signal.SIGHUP)
    gateway.wait_for("the previous certificate stays in use")
    assert served(secure) == after
    assert gateway.terminate() == 0


@pytest.mark.parametrize("process", [("capture", "front"), ("snapshot",)])
def test_sighup_ends_no_other_process(process: tuple[str, ...], configure: Configure, start: Start) -> None:
    """Under supervisord; one that was started by hand goes with its terminal."""
    by_hand = start(*process, config=configure())
    by_hand.wait_for("at ipc://")
    by_hand.process.send_signal(signal.SIGHUP)
    assert by_hand.ended() == 0
    running = start(*process, config=configure(), environment={"SUPERVISOR_ENABLED": "1"})
    running.wait_for("at ipc://")
    running.process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        running.ended(1)
    assert running.terminate() == 0


def test_a_pair_that_cannot_be_used_is_said(pair: tuple[Path, Path], tmp_path: Path) -> None:
    certificate, key = pair
    none = tmp_path / "none.pem"
    with pytest.raises(TlsError) as refused:
        tls.Certificate(none, key)
    why = "No such file or directory; `framebus cert` makes a pair"
    assert str(refused.value) == f"tls_cert {none} cannot be read: {why}"
    key.chmod(0o640)
    with pytest.raises(TlsError) as refused:
        tls.Certificate(certificate, key)
    assert str(refused.value) == f"{key} can be read by others (mode 0640); run: chmod 600 {key}"
    key.chmod(0o600)
    other = tmp_path / "other.crt", tmp_path / "other.key"
    make(*other, hosts([]), 10, force=False)
    with pytest.raises(TlsError) as refused:
        tls.Certificate(certificate, other[1])
    assert str(refused.value) == (
        f"tls_cert {certificate} and tls_key {other[1]} are no certificate and its key in PEM (KEY_VALUES_MISMATCH)"
    )


@pytest.mark.parametrize("instead", ["tls_cert", "tls_key"])
def test_a_pipe_and_a_device_are_refused_at_once(instead: str, pair: tuple[Path, Path]) -> None:
    replaced = pair[instead == "tls_key"]
    replaced.unlink()
    os.mkfifo(replaced, 0o600)
    with pytest.raises(TlsError) as refused:
        tls.Certificate(*pair)
    found = "cannot be read: found a device or a pipe; allowed: a file; `framebus cert` makes a pair"
    assert str(refused.value) == f"{instead} {replaced} {found}"
    replaced.unlink()
    replaced.symlink_to("/dev/zero")
    with pytest.raises(TlsError) as refused:
        tls.Certificate(*pair)
    assert str(refused.value) == f"{instead} {replaced} {found}"


def test_an_encrypted_key_is_refused(pair: tuple[Path, Path], tmp_path: Path) -> None:
    locked = tmp_path / "locked.key"
    command = [need("openssl"), "ec", "-in", str(pair[1]), "-out", str(locked), "-aes128", "-passout", "pass:x"]
    subprocess.run(command, check=True, capture_output=True)
    locked.chmod(0o600)
    with pytest.raises(TlsError, match="the key is encrypted; allowed: one without a password"):
        tls.Certificate(pair[0], locked)


def test_a_gateway_does_not_start_without_its_certificate(configure: Configure, start: Start) -> None:
    config = configure(gateway='tls_cert = "a.pem"\ntls_key = "b.pem"')
    gateway = start("gateway", config=config)
    assert gateway.ended() == 1
    assert "a.pem cannot be read: No such file or directory; `framebus cert` makes a pair" in gateway.log


async def test_a_page_is_heard_through_tls(secure: Config, pair: tuple[Path, Path]) -> None:
    async with serving(secure):
        request = HTTPRequest(f"wss://{secure.gateway.listen}/ws", ssl_options=trusting(pair[0]))
        page = await websocket_connect(request)
        for number in range(100):
            await page.write_message(json.dumps({"clock": number}))
        answers: set[object] = set()
        async with asyncio.timeout(30):
            while 99 not in answers:
                message = await page.read_message()
                assert message is not None
                if isinstance(message, str):
                    answers.add(json.loads(message).get("clock"))
        await hang_up(page)
