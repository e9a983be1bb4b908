"""What systemd is told, at a socket of the test's own, by the class and by a supervisord that runs, hangs and ends."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from framebus.supervision.service_manager import ServiceManager
from tests.conftest import Configure
from tests.processes import DEADLINE_SECONDS, Running, python


@pytest.fixture
def notified(run_dir: Path) -> Iterator[socket.socket]:
    """systemd's end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(f"{run_dir}/notify")
        notified.settimeout(DEADLINE_SECONDS)
        yield notified


def told(notified: socket.socket) -> list[str]:
    return notified.recv(4096).decode().splitlines()


def is_silent(notified: socket.socket) -> bool:
    notified.setblocking(False)
    try:
        return not notified.recv(4096)
    except BlockingIOError:
        return True
    finally:
        notified.settimeout(DEADLINE_SECONDS)


def test_it_is_ready_once_and_tells_a_new_status_alone(notified: socket.socket) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": notified.getsockname()})
    manager.tick("1 of 2 processes run")
    assert told(notified) == ["READY=1", "STATUS=1 of 2 processes run"]
    manager.tick("1 of 2 processes run")
    assert is_silent(notified)
    manager.tick("2 of 2 processes run")
    assert told(notified) == ["STATUS=2 of 2 processes run"]
    manager.stop()
    assert told(notified) == ["STOPPING=1"]


@pytest.mark.parametrize("pid", [lambda: "", lambda: str(os.getpid())], ids=["any", "own"])
def test_the_watchdog_is_fed_more_than_twice_within_its_time(pid: Callable[[], str], notified: socket.socket) -> None:
    now = 1000.0
    environment = {"NOTIFY_SOCKET": notified.getsockname(), "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": pid()}
    manager = ServiceManager(environment, lambda: now)
    manager.tick("")
    assert told(notified) == ["READY=1", "WATCHDOG=1"]
    for _ in range(3):
        now += 11
        manager.tick("")
        assert is_silent(notified)
        now += 1
        manager.tick("")
        assert told(notified) == ["WATCHDOG=1"]


@pytest.mark.parametrize("watchdog", [{}, {"WATCHDOG_USEC": "x"}, {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}])
def test_without_a_watchdog_of_its_own_it_feeds_none(watchdog: dict[str, str], notified: socket.socket) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": notified.getsockname(), **watchdog})
    manager.tick("")
    assert told(notified) == ["READY=1"]


@pytest.mark.parametrize("address", ["", "/nonexistent/notify", "@nobody-listens-here"])
def test_without_systemd_nothing_happens(address: str) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1000000"})
    manager.tick("status")
    manager.stop()


def test_an_abstract_address(run_dir: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(f"\0{run_dir}/abstract")
        notified.settimeout(DEADLINE_SECONDS)
        ServiceManager({"NOTIFY_SOCKET": f"@{run_dir}/abstract"}).tick("")
        assert told(notified) == ["READY=1"]


def test_it_is_taken_out_of_the_environment() -> None:
    environment = {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "HOME": "/root"}
    ServiceManager(environment)
    assert environment == {"HOME": "/root"}


@pytest.mark.slow
def test_a_running_framebus_reports_until_it_is_stopped(
    configure: Configure, notified: socket.socket, tmp_path: Path
) -> None:
    config = configure('[camera.front]\nsource = "testcard"\n')
    environment = {"NOTIFY_SOCKET": notified.getsockname(), "WATCHDOG_USEC": "1000000"}
    running = Running(
        *python("framebus", "up", "--config", str(config.path)), log=tmp_path / "up.log", environment=environment
    )
    try:
        lines = told(notified)
        assert lines[0] == "READY=1"
        while "STATUS=3 of 3 processes run" not in lines:
            lines = told(notified)
        while told(notified) != ["WATCHDOG=1"]:
            pass
        os.kill(running.pid, signal.SIGSTOP)
        while not is_silent(notified):
            pass
        notified.settimeout(1.5)
        with pytest.raises(TimeoutError):  # systemd would kill it now
            notified.recv(4096)
        os.kill(running.pid, signal.SIGCONT)
        notified.settimeout(DEADLINE_SECONDS)
        assert "WATCHDOG=1" in told(notified)
        os.kill(running.pid, signal.SIGTERM)
        while told(notified) != ["STOPPING=1"]:
            pass
    finally:
        running.close()
