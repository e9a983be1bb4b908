"""What a process costs, and its end."""

import os
import socket
import sys
import time
from pathlib import Path

import pytest

from benchmarks.processes import (
    EPHEMERAL,
    FIRST_UNPRIVILEGED,
    BenchError,
    Helper,
    Process,
    anonymous_bytes,
    cpu_seconds,
    free_port,
    pin,
    private_bytes,
    pss_bytes,
)
from tests.processes import wait_until

SLEEP = "import time; print('up', flush=True); time.sleep(60)"


def test_its_processor_time_is_what_the_kernel_counts() -> None:
    before = cpu_seconds(os.getpid())
    begin = time.process_time()  # the second: what passes between the two is counted as well
    while time.process_time() < begin + 0.1:
        pass
    assert cpu_seconds(os.getpid()) - before >= 0.1


def test_an_idle_process_uses_memory_and_no_time(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Process([sys.executable, "-c", SLEEP], log) as process:
        process.wait_until(lambda: log.read_text() == "up\n", "its start")
        assert pss_bytes(process.pid) > 1_000_000
        assert private_bytes(process.pid) > 1_000_000
        assert 1_000_000 < anonymous_bytes(process.pid) < private_bytes(process.pid) + 1_000_000
        used = cpu_seconds(process.pid)
        assert 0 < used < 5
    wait_until(lambda: not Path(f"/proc/{process.pid}").exists(), "its end")


def test_a_process_that_ends_at_once_is_an_error_with_its_log(tmp_path: Path) -> None:
    with (
        Process([sys.executable, "-c", "raise SystemExit('no camera')"], tmp_path / "log") as process,
        pytest.raises(BenchError, match=r"^a picture did not happen; the log of .* ends with:\nno camera\n$"),
    ):
        process.wait_until(lambda: False, "a picture")


def test_a_helper_that_dies_is_an_error() -> None:
    with Helper("load", {}) as helper, pytest.raises(BenchError, match=r"^benchmarks.load said nothing within 30 s$"):
        helper.answer()


def test_all_threads_of_a_process_are_kept_on_a_core(tmp_path: Path) -> None:
    script = f"import threading, time; threading.Thread(target=time.sleep, args=[60]).start(); {SLEEP}"
    log = tmp_path / "log"
    with Process([sys.executable, "-c", script], log) as process:
        process.wait_until(lambda: log.read_text() == "up\n", "its start")
        core = max(os.sched_getaffinity(0))
        pin([core], process.pid)
        threads = [int(folder.name) for folder in Path(f"/proc/{process.pid}/task").iterdir()]
        assert [os.sched_getaffinity(thread) for thread in threads] == [{core}, {core}]


def test_no_connection_gets_a_port_that_was_chosen() -> None:
    lowest = int(EPHEMERAL.read_text().split()[0])
    port = free_port()
    assert port < lowest or lowest <= FIRST_UNPRIVILEGED
    socket.create_server(("127.0.0.1", port)).close()
