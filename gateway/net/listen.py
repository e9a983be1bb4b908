"""The gateway's listening socket, alone or beside other workers, and why there is none."""

import asyncio
import errno
import logging
import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from framebus.config.address import Address
from framebus.runtime.process import ProcessError, Stop
from framebus.runtime.run_dir import Lock, RunDirError
from gateway.net.port_owner import owner_of_port

logger = logging.getLogger("gateway")

RETRY_SECONDS = 1.0
"""How often an address is tried that this machine does not have."""
MAY_COME = (errno.EADDRNOTAVAIL, socket.EAI_AGAIN)
"""DHCP has assigned no address yet, or the network is not up, so that no name server answers."""
WAKE_SECONDS = 0.5
"""How often the watchdog is fed while the address is looked up."""
LISTEN_BACKLOG = 4096
"""Connections that wait to be accepted; the kernel allows net.core.somaxconn, which is 4096 since Linux 5.4.

It drops what comes beyond, and the client tries again after a second at the earliest (RFC 6298).
"""


class AddressUnavailableError(ProcessError):
    """This machine does not have the address now; DHCP may assign it later."""


def listen_beside(address: Address, run_dir: Path, workers: int, worker: int) -> tuple[Lock, socket.socket]:
    """Listen on the address that all workers share. The caller closes both results.

    The kernel lets any program of this user share a port whose listeners all ask for it (SO_REUSEPORT, socket(7)), and
    gives it some of the connections. So the first of the workers takes the port alone for a moment, which no other
    program can share; and they start one after the other, so that there is a first one.

    Args:
        address: where to listen.
        run_dir: the folder of their locks.
        workers: how many workers there are.
        worker: the number of this one, from 0.

    Returns:
        The lock of this worker, and the socket.

    Raises:
        ProcessError: the address cannot be used.
        RunDirError: this worker runs already.
    """
    turn = Lock(run_dir, "gateway port", wait=True)  # with a space in it, unlike any name of a camera
    try:
        lock = Lock(run_dir, f"gateway worker {worker}")
        try:
            if not any(_runs(run_dir, other) for other in range(workers) if other != worker):
                listen(address).close()
            return lock, listen(address, shared=True)
        except ProcessError:
            lock.close()
            raise
    finally:
        turn.close()


def listen(address: Address, shared: bool = False) -> socket.socket:
    """Listen on an address; with an empty host, on every address, of IPv6 too if the machine has that.

    Args:
        address: where to listen.
        shared: let other sockets that ask for it listen on the same address.

    Returns:
        A socket that does not block. The caller closes it.

    Raises:
        AddressUnavailableError: this machine does not have the address.
        ProcessError: it cannot be used for another reason.
    """
    everywhere = not address.host and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if everywhere or ":" in address.host else socket.AF_INET
    where = (address.host, address.port)
    try:
        listener = socket.create_server(
            where, family=family, backlog=LISTEN_BACKLOG, reuse_port=shared, dualstack_ipv6=everywhere
        )
    except OSError as error:
        kind = AddressUnavailableError if error.errno in MAY_COME else ProcessError
        advice = "choose another address with listen in [gateway]"
        raise kind(f"cannot listen on {address}: {_reason(error, address)}; {advice}") from None
    listener.setblocking(False)
    return listener


async def wait_for_address(
    listen_now: Callable[[], socket.socket], stop: Stop, retry_seconds: float = RETRY_SECONDS
) -> socket.socket | None:
    """Listen, and wait for the address while DHCP has not assigned it.

    Args:
        listen_now: returns a listening socket, or raises AddressUnavailableError.
        stop: ends the waiting when it is requested.
        retry_seconds: the pause between attempts.

    Returns:
        The listening socket; None when `stop` is requested.

    Raises:
        ProcessError: the address cannot be used for another reason.
    """
    has_waited = False
    while not stop.requested:
        stop.watchdog.feed()
        try:
            return await _in_a_thread(listen_now, stop)
        except AddressUnavailableError as error:
            if not has_waited:
                logger.warning("%s; waiting for it", error)
            has_waited = True
        await asyncio.sleep(retry_seconds)
    return None


async def _in_a_thread(listen_now: Callable[[], socket.socket], stop: Stop) -> socket.socket | None:
    """Call it: looking up a host name may take longer than the watchdog allows. None when `stop` is requested."""
    listening: Future[socket.socket] = Future()

    def run() -> None:
        try:
            listening.set_result(listen_now())
        except BaseException as error:
            listening.set_exception(error)

    threading.Thread(target=run, name="listen", daemon=True).start()
    done = asyncio.wrap_future(listening)
    while not (await asyncio.wait([done], timeout=WAKE_SECONDS))[0]:
        stop.watchdog.feed()
        if stop.requested:
            return None
    return done.result()


def _runs(run_dir: Path, worker: int) -> bool:
    try:
        Lock(run_dir, f"gateway worker {worker}").close()
    except RunDirError:
        return True
    return False


def _reason(error: OSError, address: Address) -> str:
    if error.errno == errno.EADDRINUSE:
        owner = owner_of_port(address.port)
        return f"address already in use by {owner}" if owner else "address already in use"
    reasons = {
        errno.EACCES: "a port below 1024 needs root",
        errno.EADDRNOTAVAIL: "this machine does not have the address",
        socket.EAI_NONAME: "host name not found",
        socket.EAI_AGAIN: "host name not found, as the name server does not answer",
        socket.EAI_ADDRFAMILY: "the host name has no IPv4 address",
        socket.EAI_NODATA: "host name not found",
    }
    return reasons.get(error.errno or 0) or os.strerror(abs(error.errno or 0))
