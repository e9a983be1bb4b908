"""Ports for tests that need more than one."""

import socket


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address that nobody listened on a moment ago, all of them different."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports
