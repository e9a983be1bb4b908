"""Ports for tests: each test process has a block of them to itself, and no connection gets one by chance."""

import errno
import itertools
import socket
from collections.abc import Iterator
from pathlib import Path

BLOCK_PORTS = 256
"""How many ports a process has. It begins again with the first one when each has been used."""
LOWEST_PORT = 10240
"""Below are ports that services have, and those that Chromium refuses (its highest is 10080)."""
PORTS = 65536
EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
"""The ports that the kernel gives to connections, and to sockets that are bound to port 0 (ip(7))."""
DEFAULT_EPHEMERAL = (32768, 60999)
"""Its default. A chroot may have no /proc/sys."""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all of them different.

    Another test process never gets them, also not in a chroot, and the kernel gives them to no connection.
    """
    return list(itertools.islice(_free(), count))


def ephemeral(file: Path = EPHEMERAL) -> tuple[int, int]:
    """The lowest and the highest port that the kernel gives away."""
    if not file.exists():
        return DEFAULT_EPHEMERAL
    lowest, highest = map(int, file.read_text().split())
    return lowest, highest


def blocks(lowest: int, highest: int) -> list[range]:
    """The blocks of ports above LOWEST_PORT outside these, which the kernel gives away."""
    starts = range(LOWEST_PORT, PORTS - BLOCK_PORTS + 1, BLOCK_PORTS)
    return [range(at, at + BLOCK_PORTS) for at in starts if at + BLOCK_PORTS <= lowest or at > highest]


def lease(candidates: list[range], name: str = "framebus-test-ports") -> tuple[socket.socket, range]:
    """Take the first of these blocks that no other process has, until the socket is closed.

    An abstract socket (unix(7)) belongs to the network namespace, as ports do, and ends with its process.
    """
    lock = socket.socket(socket.AF_UNIX)
    for block in candidates:
        try:
            lock.bind(f"\0{name}-{block.start}")
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return lock, block
    lock.close()
    raise RuntimeError(f"other tests have all {len(candidates)} blocks of ports")


def is_free(port: int) -> bool:
    """Return whether nobody listens on this port, whatever the address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that have ended are no hindrance
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True


_leased: list[tuple[socket.socket, Iterator[int]]] = []
"""The block of this process. Not in a cache of functools: a test of the fuzzers clears those."""


def _free() -> Iterator[int]:
    if not _leased:
        lowest, highest = ephemeral()
        # With no block outside, those inside are better than none.
        lock, block = lease(blocks(lowest, highest) or blocks(PORTS, PORTS))
        _leased.append((lock, itertools.cycle(block)))
    ((_, ports),) = _leased
    for port in itertools.islice(ports, BLOCK_PORTS):
        if is_free(port):
            yield port
    raise RuntimeError(f"somebody listens on each of the {BLOCK_PORTS} ports of this process")
