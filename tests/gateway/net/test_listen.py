"""The listening socket, and the sentences that say why there is none."""

import errno
import os
import socket
import threading
from pathlib import Path

import pytest

from framebus.config.address import Address
from framebus.config.load import Config
from framebus.runtime.process import ProcessError, Stop
from framebus.runtime.run_dir import Lock
from framebus.runtime.watchdog import Watchdog
from gateway.net.listen import AddressUnavailableError, listen, listen_beside, wait_for_address
from tests.conftest import Configure
from tests.processes import DEADLINE_SECONDS

OTHER = "import socket, sys; s = socket.create_server((sys.argv[1], int(sys.argv[2])), family=int(sys.argv[3])); "


def own_process() -> str:
    """As the kernel names it."""
    return f"{Path('/proc/self/comm').read_text().strip()} (pid {os.getpid()})"


def beside(config: Config, worker: int) -> tuple[Lock, socket.socket]:
    """Listen as one of the workers of this configuration."""
    return listen_beside(config.gateway.listen, config.run_dir, config.gateway.workers, worker)


def test_a_port_in_use_is_named(free_port: int) -> None:
    with socket.create_server(("127.0.0.1", free_port)), pytest.raises(ProcessError) as error:
        listen(Address("127.0.0.1", free_port))
    assert str(error.value) == (
        f"cannot listen on 127.0.0.1:{free_port}: address already in use by {own_process()}; "
        "choose another address with listen in [gateway]"
    )


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(ProcessError) as error:
        listen(Address("192.0.2.1", 8080))
    assert str(error.value) == (
        "cannot listen on 192.0.2.1:8080: this machine does not have the address; "
        "choose another address with listen in [gateway]"
    )


def has_ipv6() -> bool:
    """Whether this machine has the loopback address of IPv6; some containers have none."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("host", "reached"),
    [("", ["127.0.0.1", "::1"]), ("localhost", ["127.0.0.1"]), ("::1", ["::1"]), ("0.0.0.0", ["127.0.0.1"])],
)
def test_it_listens_where_it_was_told_to(free_port: int, host: str, reached: list[str]) -> None:
    if not has_ipv6():
        reached = [address for address in reached if address != "::1"]
    if not reached:
        with pytest.raises(AddressUnavailableError):
            listen(Address(host, free_port))
        return
    with listen(Address(host, free_port)):
        for address in reached:
            socket.create_connection((address, free_port), timeout=10).close()


@pytest.mark.parametrize("shares", [False, True])
def test_workers_do_not_share_the_port_with_a_stranger(configure: Configure, shares: bool) -> None:
    config = configure(gateway="workers = 2")
    address = config.gateway.listen
    with socket.create_server((address.host, address.port), reuse_port=shares):
        for worker in (0, 1):
            with pytest.raises(ProcessError) as error:
                beside(config, worker)
            assert str(error.value) == (
                f"cannot listen on {address}: address already in use by {own_process()}; "
                "choose another address with listen in [gateway]"
            )


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_workers_share_the_port_in_either_order(configure: Configure, order: tuple[int, int]) -> None:
    config = configure(gateway="workers = 2")
    places = [beside(config, worker) for worker in order]
    for lock, listener in places:
        assert listener.getsockname()[1] == config.gateway.listen.port
        listener.close()
        lock.close()


def test_while_workers_listen_no_other_program_gets_the_port(configure: Configure) -> None:
    config = configure(gateway="workers = 2")
    lock, listener = beside(config, 1)
    with pytest.raises(ProcessError):
        listen(config.gateway.listen)
    listener.close()
    lock.close()


def test_a_host_name_without_an_address_is_named() -> None:
    with pytest.raises(ProcessError, match=r"cannot listen on no-such-host\.invalid:8080: host name not found"):
        listen(Address("no-such-host.invalid", 8080))


def test_an_address_of_another_machine_can_be_waited_for() -> None:
    with pytest.raises(AddressUnavailableError):
        listen(Address("192.0.2.1", 8080))


async def test_an_address_that_is_not_there_yet_is_tried_until_it_is(caplog: pytest.LogCaptureFixture) -> None:
    attempts = 0

    def listen_now() -> socket.socket:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise AddressUnavailableError("cannot listen")
        return socket.socket()

    listener = await wait_for_address(listen_now, Stop(), retry_seconds=0.001)
    assert listener is not None
    listener.close()
    assert attempts == 3
    assert caplog.messages == ["cannot listen; waiting for it"]


async def test_waiting_for_an_address_ends_when_the_process_shall() -> None:
    stop = Stop()

    def listen_now() -> socket.socket:
        stop.request()
        raise AddressUnavailableError("cannot listen")

    assert await wait_for_address(listen_now, stop, retry_seconds=0.001) is None


@pytest.mark.medium
async def test_while_a_host_name_is_looked_up_the_watchdog_is_fed_and_the_process_can_end() -> None:
    stop, is_over = Stop(), threading.Event()
    fed = 0

    class CountingWatchdog(Watchdog):
        def feed(self) -> None:
            nonlocal fed
            fed += 1
            if fed == 3:
                stop.request()

    def listen_now() -> socket.socket:
        is_over.wait(DEADLINE_SECONDS)
        raise AddressUnavailableError("cannot listen")

    stop.watchdog = CountingWatchdog()
    assert await wait_for_address(listen_now, stop) is None
    assert fed == 3
    is_over.set()


@pytest.mark.parametrize(
    ("number", "is_waited_for"),
    [(socket.EAI_AGAIN, True), (errno.EADDRNOTAVAIL, True), (socket.EAI_NONAME, False), (errno.EACCES, False)],
)
def test_a_name_server_that_does_not_answer_yet_is_waited_for(
    number: int, is_waited_for: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise OSError(number, "cannot")

    monkeypatch.setattr(socket, "create_server", fail)
    with pytest.raises(ProcessError) as error:
        listen(Address("camera.example", 8080))
    assert isinstance(error.value, AddressUnavailableError) == is_waited_for


def test_many_can_connect_before_one_is_accepted(free_port: int) -> None:
    """The kernel drops those who come while its queue is full: they try again after a second at the earliest."""
    with listen(Address("127.0.0.1", free_port)):
        clients = [socket.create_connection(("127.0.0.1", free_port), timeout=10) for _ in range(400)]
        unaccepted = Path("/proc/net/tcp").read_text().count(f" 0100007F:{free_port:04X} ")
        for client in clients:
            client.close()
    assert unaccepted >= 400
