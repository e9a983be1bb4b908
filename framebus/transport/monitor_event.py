"""The messages of a ZeroMQ socket's monitor. zmq.utils.monitor parses them too, but imports asyncio and ssl."""

import struct
from typing import NamedTuple

HEAD = struct.Struct("=HI")
"""16 bits of event and 32 of value, in the machine's byte order (zmq_socket_monitor(3))."""


class MonitorEvent(NamedTuple):
    """What happened to a connection of a socket."""

    event: int
    """One of zmq.EVENT_*."""
    value: int
    """The descriptor of the connection, for the events that framebus watches."""
    endpoint: bytes


def parse(parts: list[bytes]) -> MonitorEvent:
    """Read the two parts of a monitor's message."""
    head, endpoint = parts
    event, value = HEAD.unpack(head)
    return MonitorEvent(event, value, endpoint)
