"""The one ZeroMQ context that all subscribers and requests of a process share.

It is never terminated: zmq_ctx_term waits for every open socket, and the garbage collector would call it in any order.
"""

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import zmq

from framebus.errors import ResourceError
from framebus.transport.io_threads import IO_THREADS

SPARE_DESCRIPTORS = 24
"""A context takes 12 and a subscriber 4; libzmq aborts the process when it finds none left (src/epoll.cpp of 4.3.5)."""

EXHAUSTED = (errno.EMFILE, errno.ENFILE)
TOO_FEW = (
    f"too few file descriptors or sockets are left for a connection ({SPARE_DESCRIPTORS} descriptors needed); "
    "close subscribers that are no longer used, or raise the limit (ulimit -n)"
)
MAX_SOCKETS = 8192
"""ZeroMQ's, of which a subscriber takes 3. libzmq reserves 8 bytes for each."""

_lock = threading.RLock()  # a signal handler may need it too
_context: "zmq.Context[zmq.Socket[bytes]] | None" = None
_pid = 0
_inherited: "list[zmq.Context[zmq.Socket[bytes]]]" = []
"""Contexts of a parent process, kept so that the garbage collector does not touch them."""


def process_context() -> "zmq.Context[zmq.Socket[bytes]]":
    """The context of this process; a forked process gets one of its own.

    Raises ResourceError when the process has too few file descriptors left for another socket.
    """
    global _context, _pid
    with _lock:
        check_descriptors()
        if _context is not None and _pid != os.getpid():
            _inherited.append(_context)
            _context = None
        if _context is None:
            _context, _pid = zmq.Context(io_threads=IO_THREADS), os.getpid()
            _context.set(zmq.MAX_SOCKETS, MAX_SOCKETS)
        return _context


@contextmanager
def exhaustion() -> Iterator[None]:
    """Turns libzmq's error for too many sockets or descriptors into ResourceError."""
    try:
        yield
    except OSError as error:
        if error.errno in EXHAUSTED:
            raise ResourceError(TOO_FEW) from None
        raise
    except zmq.ZMQError as error:
        if error.errno in EXHAUSTED:
            raise ResourceError(TOO_FEW) from None
        raise


def check_descriptors() -> None:
    """Raises ResourceError when the process has too few file descriptors left for another context or socket."""
    held: list[int] = []
    try:
        with exhaustion():
            for _ in range(SPARE_DESCRIPTORS):
                held.append(os.eventfd(0))
    finally:
        for descriptor in held:
            os.close(descriptor)


def _after_fork_in_child() -> None:
    global _lock
    _lock = threading.RLock()  # another thread of the parent may have held it


os.register_at_fork(after_in_child=_after_fork_in_child)
