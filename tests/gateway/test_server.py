import socket
import time

import pytest

from framebus.config import Address
from framebus.process import ProcessError
from gateway.server import address_to_open, listen, own_address
from tests.conftest import Configure, Start
from tests.gateway.camera import PublishedCamera


def test_a_port_in_use_is_named(free_port: int) -> None:
    with socket.create_server(("127.0.0.1", free_port)), pytest.raises(ProcessError) as error:
        listen(Address("127.0.0.1", free_port))
    assert str(error.value) == (
        f"cannot listen on 127.0.0.1:{free_port}: another program listens there; "
        "name another address with listen in [gateway]"
    )


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(ProcessError) as error:
        listen(Address("192.0.2.1", 8080))
    assert str(error.value) == (
        "cannot listen on 192.0.2.1:8080: this machine has no such address; "
        "name another address with listen in [gateway]"
    )


@pytest.mark.parametrize(
    ("host", "reached"),
    [("", ["127.0.0.1", "::1"]), ("localhost", ["127.0.0.1"]), ("::1", ["::1"]), ("0.0.0.0", ["127.0.0.1"])],
)
def test_it_listens_where_it_was_told_to(free_port: int, host: str, reached: list[str]) -> None:
    with listen(Address(host, free_port)):
        for address in reached:
            socket.create_connection((address, free_port), timeout=10).close()


def test_the_page_is_opened_where_it_can_be_reached() -> None:
    assert address_to_open(Address("127.0.0.1", 8080)) == "http://127.0.0.1:8080/"
    assert address_to_open(Address("::1", 8080)) == "http://[::1]:8080/"
    reachable = own_address() or "127.0.0.1"
    assert address_to_open(Address("0.0.0.0", 80)) == address_to_open(Address("", 80)) == f"http://{reachable}:80/"


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
    assert line.endswith(
        f"ERROR gateway: cannot listen on {config.gateway.listen}: another program listens there; "
        "name another address with listen in [gateway]"
    )


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
