"""A slow link: a network namespace behind a pair of virtual interfaces, one of which sends at a given rate only."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.processes import LeftOut

HERE, THERE, BITS = "198.18.77.1", "198.18.77.2", 30
"""Addresses for benchmarks (RFC 2544)."""
BURST = "16kb"
"""Of the token bucket: no more than the rate needs at 250 Hz."""
QUEUE = "50ms"
"""What waits for the link is as long as in a good router; beyond that it drops."""


@dataclass(frozen=True)
class SlowLink:
    """What is sent to the namespace goes through it."""

    host: str
    """Our end's address: where servers have to listen."""
    prefix: tuple[str, ...]
    """A command that runs another one behind the link."""
    interface: str

    def limit(self, megabits: int) -> None:
        """From now on, so many Mbit/s."""
        shape = ("rate", f"{megabits}mbit", "burst", BURST, "latency", QUEUE)
        call("tc", "qdisc", "replace", "dev", self.interface, "root", "tbf", *shape)


@contextmanager
def slow_link() -> Iterator[SlowLink]:
    """Made, and gone at the end. Raises LeftOut where this user, or this kernel, cannot make it."""
    if os.geteuid() != 0:
        raise LeftOut("a slow link takes root, for a network namespace: left out (sudo make bench)")
    for program in ("ip", "tc"):
        if shutil.which(program) is None:
            raise LeftOut(f"{program}: not installed (sudo apt install iproute2): left out")
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
    """Raises LeftOut with what the command complains of."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    if done.returncode != 0:
        raise LeftOut(f"no slow link on this machine: {' '.join(command)}: {done.stderr.strip()}: left out")
