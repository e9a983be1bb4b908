"""Which of libzmq's threads serves a connection: host names are looked up in threads of their own.

libzmq looks up a host name in the thread that moves the messages, at each attempt to connect. For a name that no
server answers for, or that mDNS does not find, that takes 5 to 20 seconds, and all other connections of the thread
stand still.
"""

import re
from collections.abc import Mapping

import zmq

from framebus.config.ip_address import packed

LOOKUP_THREADS = 3
"""More names than these share threads."""
IO_THREADS = 1 + LOOKUP_THREADS
"""Of each context that connects to other machines. An idle thread takes about 10 KB and 2 descriptors."""
OWN_AFFINITY = 1
"""Of all connections that look up nothing: the first thread."""
_TCP = re.compile(r"tcp://(?:.*;)?\[?([^\[\]]*?)\]?:[^:]*")
_numbers: dict[str, int] = {}


def affinity(endpoint: str, threads: int, numbers: Mapping[str, int] | None = None) -> int:
    """The value of ZMQ_AFFINITY for a socket that connects.

    Args:
        endpoint: where to.
        threads: of the context.
        numbers: the number of each host name; by default, in the order in which they are met.
    """
    host = _TCP.fullmatch(endpoint)
    if host is None or threads < 2 or _is_address(host[1]):
        return OWN_AFFINITY
    number = _numbers.setdefault(host[1].lower(), len(_numbers)) if numbers is None else numbers[host[1]]
    return 1 << (1 + number % (threads - 1))


def set_affinity(socket: "zmq.Socket[bytes]", endpoint: str) -> None:
    """Let the thread for it serve the connection that is made next."""
    threads = int(socket.context.get(zmq.IO_THREADS))
    socket.setsockopt(zmq.AFFINITY, affinity(endpoint, threads))


def _is_address(host: str) -> bool:
    return packed(host.partition("%")[0]) is not None
