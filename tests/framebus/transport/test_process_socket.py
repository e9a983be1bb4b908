"""Sockets that know their process, and the addresses that they hand to libzmq."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from framebus.transport import sockets
from framebus.transport.process_socket import Address, ProcessSocket

USE_EVERY_CALL = """
import sys
import zmq
from framebus.transport.process_socket import ProcessSocket

context = zmq.Context()
for number, address in enumerate((f"ipc://{sys.argv[1]}/a", "tcp://127.0.0.1:*", "inproc://a")):
    bound, connected, events = (context.socket(kind, ProcessSocket) for kind in (zmq.PUB, zmq.SUB, zmq.PAIR))
    events.connect(f"inproc://events.{number}")
    bound.monitor(f"inproc://events.{number}")
    bound.bind(address)
    real = bound.get(zmq.LAST_ENDPOINT).rstrip(b"\\0").decode()
    connected.connect(real)
    connected.disconnect(real)
    bound.unbind(real)
    bound.disable_monitor()
    for socket in (bound, connected, events):
        socket.close(0)
context.term()
print("all of them")
"""


@pytest.fixture
def context() -> Iterator["zmq.Context[zmq.Socket[bytes]]"]:
    with zmq.Context() as context:
        yield context


def test_an_address_is_its_text_and_keeps_its_bytes() -> None:
    address = Address("ipc:///tmp/ä")

    assert address == "ipc:///tmp/ä"
    assert address.encode("utf-8") == "ipc:///tmp/ä".encode()
    assert address.encode() is address.encode()


@pytest.mark.parametrize("call", ["bind", "unbind", "connect", "disconnect", "monitor"])
def test_pyzmq_gets_addresses_that_keep_their_bytes(
    call: str, context: "zmq.Context[zmq.Socket[bytes]]", monkeypatch: pytest.MonkeyPatch
) -> None:
    received: list[Any] = []
    monkeypatch.setattr(zmq.Socket, call, lambda _, address, *rest: received.append(address))
    socket = sockets.make(context, zmq.PUB)
    getattr(socket, call)("inproc://a")
    socket.close()

    assert received == ["inproc://a"]
    assert isinstance(received[0], Address)


@pytest.mark.medium
def test_every_call_works_in_development_mode(tmp_path: Path) -> None:
    """Python's debug allocator overwrites freed memory, which pyzmq 26 has libzmq read."""
    arguments = [sys.executable, "-X", "dev", "-W", "error", "-c", USE_EVERY_CALL, str(tmp_path)]
    ran = subprocess.run(arguments, capture_output=True, text=True, timeout=30)

    assert (ran.stdout, ran.stderr) == ("all of them\n", "")


def test_an_address_that_is_too_long_is_refused_by_its_path(context: "zmq.Context[zmq.Socket[bytes]]") -> None:
    with context.socket(zmq.PUB, ProcessSocket) as socket, pytest.raises(zmq.ZMQError, match="is longer than 107"):
        socket.bind(f"ipc:///tmp/{'x' * 200}")


def test_options_of_pyzmq_pass(context: "zmq.Context[zmq.Socket[bytes]]") -> None:
    with ProcessSocket(context, zmq.PUB, copy_threshold=5) as socket:
        assert socket.copy_threshold == 5


def test_a_socket_of_this_process_that_was_not_closed_is_reported_and_closed() -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = ProcessSocket(context, zmq.PUB)
    with pytest.warns(ResourceWarning, match="Unclosed socket"):
        del socket
    context.term()
