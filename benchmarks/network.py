"""A slow link: a network namespace behind a pair of virtual interfaces, one of which has a limited rate."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.processes import SkippedBenchmark

HERE, THERE, BITS = "198.18.77.1", "198.18.77.2", 30
"""Addresses for benchmarks (RFC 2544)."""
BURST = "16kb"
"""Of the token bucket: no more than the rate needs at 250 Hz."""
QUEUE_SECONDS = 0.05
"""Length of the queue, as in a good router; beyond it packets are dropped."""
QUEUE_BYTES = 8 * 1514
"""The shortest queue: eight packets of Ethernet. On a slow link, 50 ms are less than two."""


@dataclass(frozen=True)
class SlowLink:
    """The link to the namespace."""

    host: str
    """Address of the near end, which servers must listen on."""
    prefix: tuple[str, ...]
    """Command prefix that runs a program behind the link."""
    interface: str

    def limit(self, megabits: float) -> None:
        """Set the rate in Mbit/s."""
        queue_seconds = max(QUEUE_SECONDS, QUEUE_BYTES * 8 / (megabits * 1e6))
        rate = ("rate", f"{megabits * 1000:.0f}kbit", "burst", BURST)
        shape = (*rate, "latency", f"{queue_seconds * 1000:.0f}ms")
        call("tc", "qdisc", "replace", "dev", self.interface, "root", "tbf", *shape)


@contextmanager
def slow_link() -> Iterator[SlowLink]:
    """Make a slow link and remove it at the end. Raises SkippedBenchmark if that is impossible here."""
    if os.geteuid() != 0:
        raise SkippedBenchmark("a slow link needs root for a network namespace: left out (sudo make bench)")
    for program in ("ip", "tc"):
        if shutil.which(program) is None:
            raise SkippedBenchmark(f"{program}: not installed (sudo apt install iproute2): left out")
    name = f"fb{os.getpid()}"
    here, there = f"{name}a", f"{name}b"
    link = SlowLink(HERE, ("ip", "netns", "exec", name), here)
    call("ip", "netns", "add", name)
    try:
        call("ip", "link", "add", here, "type", "veth", "peer", "name", there)
        call("ip", "link", "set", there, "netns", name)
        call("ip", "address", "add", f"{HERE}/{BITS}", "dev", here)
        call("ip", "link", "set", here, "up")
        call(*link.prefix, "ip", "address", "add", f"{THERE}/{BITS}", "dev", there)
        call(*link.prefix, "ip", "link", "set", there, "up")
        link.limit(16)
        yield link
    finally:
        subprocess.run(["ip", "link", "delete", here], check=False, capture_output=True, timeout=10)
        subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True, timeout=10)


def call(*command: str) -> None:
    """Run a command. Raises SkippedBenchmark with its error output."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    if done.returncode != 0:
        raise SkippedBenchmark(f"no slow link on this machine: {' '.join(command)}: {done.stderr.strip()}: left out")
