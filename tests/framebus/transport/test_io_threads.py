"""A host name that is slow to look up delays no other connection."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
import zmq

from framebus.transport import sockets
from framebus.transport.io_threads import IO_THREADS, OWN_AFFINITY, affinity
from tests.processes import DEADLINE_SECONDS
from tests.slow_lookup import slow_lookup

READER = """
import os, sys, zmq
from framebus.transport import sockets
from framebus.transport.io_threads import IO_THREADS

context = zmq.Context(io_threads=IO_THREADS)
slow = sockets.subscriber(context, "tcp://slow.example:5555", b"")
near = sockets.subscriber(context, sys.argv[1], b"")
assert near.poll(15_000), "nothing came"
print(near.recv().decode(), flush=True)
os._exit(0)
"""


@pytest.mark.parametrize(
    "endpoint",
    ["ipc:///run/front.frames", "tcp://10.0.0.7:5555", "tcp://[fe80::1%eth0]:5555", "tcp://127.0.0.1:1", "inproc://a"],
)
def test_what_needs_no_lookup_has_a_thread_of_its_own(endpoint: str) -> None:
    assert affinity(endpoint, IO_THREADS) == OWN_AFFINITY


def test_names_share_the_other_threads() -> None:
    numbers = {"a.local": 0, "b.local": 1, "c.local": 2, "d.local": 3}
    assert [affinity(f"tcp://{name}:5555", 4, numbers) for name in numbers] == [2, 4, 8, 2]


def test_a_name_keeps_its_thread() -> None:
    new = f"a{time.monotonic_ns()}.example"
    first = affinity(f"tcp://one.{new}:5555", IO_THREADS)
    assert affinity(f"tcp://two.{new}:5555", IO_THREADS) != first
    assert affinity(f"tcp://One.{new}:5556", IO_THREADS) == first


def test_a_context_with_one_thread_has_no_choice() -> None:
    assert affinity("tcp://camera.local:5555", 1) == OWN_AFFINITY


def test_with_two_threads_the_second_looks_up_names() -> None:
    assert affinity("tcp://camera.local:5555", 2) == 2


@pytest.mark.medium
def test_a_name_that_is_looked_up_for_long_delays_no_other_connection(tmp_path: Path) -> None:
    endpoint = f"ipc://{tmp_path}/near"
    with zmq.Context() as context:
        publisher = sockets.make(context, zmq.XPUB)
        publisher.bind(endpoint)
        reader = subprocess.Popen(
            [sys.executable, "-P", "-c", READER, endpoint],
            env=slow_lookup(tmp_path),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert publisher.poll(int(DEADLINE_SECONDS * 1000))
        publisher.send(b"hello")
        assert reader.communicate(timeout=DEADLINE_SECONDS)[0] == "hello\n"
        publisher.close()
