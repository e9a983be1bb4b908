"""The gateway as a process."""

import socket
import time

from framebus.credentials import accounts
from framebus.credentials.accounts import Token, token_hash
from gateway.net.port_owner import owner_of_port
from tests.conftest import Configure, Start
from tests.gateway.camera import PublishedCamera, jpeg
from tests.processes import DEADLINE_SECONDS


def test_the_address_is_printed_when_the_first_frame_is_out(configure: Configure, start: Start) -> None:
    config = configure()
    camera = PublishedCamera(config)
    gateway = start("gateway", config=config)
    gateway.wait_for(f"INFO gateway: listening on {config.gateway.listen}")
    camera.wait_for_subscription(b"\x01status/front\n")
    camera.say("starting")
    time.sleep(0.3)
    assert "open http" not in gateway.log
    camera.captured = time.time()
    camera.say("idle")
    gateway.wait_for(f"INFO gateway: camera front is there: open http://{config.gateway.listen}/")
    assert gateway.terminate() == 0
    assert gateway.log.rstrip().endswith("INFO gateway: stopped")
    camera.close()


def test_a_second_gateway_on_the_port_ends_with_one_line(configure: Configure, start: Start) -> None:
    config = configure()
    start("gateway", config=config).wait_for("listening on")
    second = start("gateway", config=config)
    assert second.ended() == 1
    (line,) = second.log.splitlines()
    owner = owner_of_port(config.gateway.listen.port)
    assert line.endswith(
        f"ERROR gateway: cannot listen on {config.gateway.listen}: address already in use by {owner}; "
        "choose another address with listen in [gateway]"
    )


def test_a_worker_runs_once(configure: Configure, start: Start) -> None:
    config = configure(gateway="workers = 2")
    first = start("gateway", "--worker", "1", config=config)
    first.wait_for("INFO gateway-1: listening on")
    second = start("gateway", "--worker", "1", config=config)
    assert second.ended() == 1
    (line,) = second.log.splitlines()
    assert line.endswith(
        f"ERROR gateway-1: gateway worker 1 already runs as process {first.pid} with run_dir {config.run_dir}; "
        "stop that one first, or give this one another run_dir"
    )


def test_the_first_worker_alone_prints_the_address(configure: Configure, start: Start) -> None:
    config = configure(gateway="workers = 2")
    camera = PublishedCamera(config)
    gateways = [start("gateway", "--worker", worker, config=config) for worker in ("1", "0")]
    for _ in gateways:
        camera.wait_for_subscription(b"\x01status/front\n")
    camera.captured = time.time()
    camera.say("idle")
    gateways[1].wait_for(f"INFO gateway: camera front is there: open http://{config.gateway.listen}/")
    for gateway in gateways:
        assert gateway.terminate() == 0
    assert "open http" not in gateways[0].log
    camera.close()


def test_requests_that_are_no_http_end_nothing(configure: Configure, start: Start) -> None:
    config = configure()
    gateway = start("gateway", config=config)
    gateway.wait_for("listening on")
    address = (config.gateway.listen.host, config.gateway.listen.port)
    for nonsense in (b"\x16\x03\x01" * 100, b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000, b"\r\n" * 100):
        with socket.create_connection(address, timeout=10) as client:
            client.sendall(nonsense)
            client.shutdown(socket.SHUT_WR)
            try:
                while client.recv(4096):
                    pass
            except ConnectionResetError:
                pass
    with socket.create_connection(address, timeout=10) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 200 OK")
    assert gateway.terminate() == 0
    assert "Traceback" not in gateway.log


def test_without_a_picture_the_page_is_named_all_the_same(configure: Configure, start: Start) -> None:
    config = configure()
    gateway = start("gateway", config=config)
    gateway.wait_for(
        f"WARNING gateway: no camera has given a picture yet; the page says why: open http://{config.gateway.listen}/"
    )


def test_a_stream_ends_within_seconds_of_its_token(configure: Configure, start: Start) -> None:
    config = configure(gateway="workers = 1")
    with accounts.changing(config.secrets) as everybody:
        everybody.tokens["t"] = Token(token_hash("secret"), 1.0, ("view",))
    camera = PublishedCamera(config)
    gateway = start("gateway", config=config)
    gateway.wait_for("listening on")
    camera.wait_for_subscription(b"\x01status/front\n")
    camera.captured = time.time()
    camera.say("idle")
    gateway.wait_for("camera front is there")  # until then it looks after its viewers more often
    with socket.create_connection((config.gateway.listen.host, config.gateway.listen.port), timeout=10) as client:
        client.sendall(b"GET /stream?token=secret HTTP/1.1\r\nHost: x\r\n\r\n")
        camera.wait_for_subscription(b"\x01live/front\n")
        camera.show(jpeg())
        assert client.recv(100).startswith(b"HTTP/1.1 200")
        with accounts.changing(config.secrets) as everybody:
            del everybody.tokens["t"]
        removed_at = time.monotonic()
        while client.recv(4096):  # the last picture is repeated meanwhile
            assert time.monotonic() - removed_at < DEADLINE_SECONDS, "a second, on a quiet machine"
    camera.close()


def test_an_address_that_is_gone_is_waited_for(configure: Configure, start: Start) -> None:
    """DHCP may assign it later; a gateway that ends instead would be started over and over."""
    config = configure(gateway="allow_anonymous = true")
    assert config.path is not None
    text = config.path.read_text().replace(str(config.gateway.listen), "192.0.2.1:8080")
    config.path.write_text(text)
    gateway = start("gateway", config=config)
    gateway.wait_for("WARNING gateway: cannot listen on 192.0.2.1:8080: this machine does not have the address")
    assert "waiting for it" in gateway.log
    assert gateway.process.poll() is None
    assert gateway.terminate() == 0
    assert gateway.log.count("cannot listen") == 1
