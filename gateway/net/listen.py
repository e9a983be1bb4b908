"""The gateway's listening socket, alone or beside other workers, and why there is none."""

import errno
import os
import socket

from framebus.config.address import Address
from framebus.config.load import Config
from framebus.runtime.process import ProcessError
from framebus.runtime.run_dir import Lock, RunDirError
from gateway.net.port_owner import owner_of_port

LISTEN_BACKLOG = 128
"""Connections that wait to be accepted: a page that is reloaded by many at once."""


class AddressUnavailableError(ProcessError):
    """This machine does not have the address now; DHCP may assign it later."""


def listen_beside(config: Config, worker: int) -> tuple[Lock, socket.socket]:
    """Listen on the address that all workers share. The caller closes both results.

    The kernel lets any program of this user share a port whose listeners all ask for it (SO_REUSEPORT, socket(7)), and
    gives it some of the connections. So the first of the workers takes the port alone for a moment, which no other
    program can share; and they start one after the other, so that there is a first one.

    Returns:
        The lock of this worker, and the socket.

    Raises:
        ProcessError: the address cannot be used.
        RunDirError: this worker runs already.
    """
    turn = Lock(config, "gateway port", wait=True)  # with a space in it, unlike any name of a camera
    try:
        lock = Lock(config, f"gateway worker {worker}")
        try:
            if not any(_runs(config, other) for other in range(config.gateway.workers) if other != worker):
                listen(config.gateway.listen).close()
            return lock, listen(config.gateway.listen, shared=True)
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
        kind = AddressUnavailableError if error.errno == errno.EADDRNOTAVAIL else ProcessError
        advice = "choose another address with listen in [gateway]"
        raise kind(f"cannot listen on {address}: {_reason(error, address)}; {advice}") from None
    listener.setblocking(False)
    return listener


def _runs(config: Config, worker: int) -> bool:
    try:
        Lock(config, f"gateway worker {worker}").close()
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
