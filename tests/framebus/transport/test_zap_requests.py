"""What the authenticator answers to libzmq's questions (rfc.zeromq.org/spec/27), and what it notes of connections."""

import logging
import socket as system_socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zmq
from zmq.utils import z85

from framebus.config.tcp_endpoint import TcpEndpoint
from framebus.credentials.curve_keys import CurveKeys, KeyPair, changing
from framebus.transport import sockets
from framebus.transport.endpoints import Endpoint
from framebus.transport.reconnecting_socket import ReconnectingSocket
from framebus.transport.zap_authenticator import (
    UNKNOWN,
    ZAP_ENDPOINT,
    ZapAuthenticator,
    address_of,
    connection,
)
from tests.curve import Strongbox
from tests.ports import free_ports
from tests.processes import DEADLINE_SECONDS, wait_until

LOGGER = logging.getLogger("test")
NULL_GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00NULL".ljust(55, b"\0")


class Port:
    """A publisher's tcp endpoint and its authenticator, served by the test itself."""

    def __init__(self, box: Strongbox, port: int, **options: int | bool) -> None:
        self.box = box
        self.port = port
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.publisher = sockets.make(self.context, zmq.XPUB)
        self.authenticator = ZapAuthenticator(self.context, box.file, LOGGER, **options)  # type: ignore[arg-type]
        self.authenticator.open(self.publisher, TcpEndpoint.parse(f"tcp://127.0.0.1:{port}"))
        self.asking = self.context.socket(zmq.REQ)
        self.asking.connect(ZAP_ENDPOINT)
        self._subscribers: list[ReconnectingSocket] = []

    def serve(self, until: Callable[[], object]) -> None:
        """Serve the authenticator until something holds."""
        poller = zmq.Poller()
        for readable in (self.publisher, *self.authenticator.readable()):
            poller.register(readable, zmq.POLLIN)

        def served() -> object:
            ready = dict(poller.poll(10))
            self.authenticator.serve(ready)
            if self.publisher in ready:
                self.publisher.recv()
            return until()

        wait_until(served, "what is waited for")

    def answer(self, *request: bytes) -> list[bytes]:
        """What libzmq would be answered."""
        self.asking.send_multipart(request)
        self.serve(lambda: self.asking.poll(0))
        return self.asking.recv_multipart()

    def answer_for(self, key: str, mechanism: bytes = b"CURVE") -> list[bytes]:
        """What libzmq would be answered for a client with this key."""
        return self.answer(b"1.0", b"7", b"framebus", b"192.0.2.1", b"", mechanism, z85.decode(key.encode()))

    def knock(self) -> system_socket.socket:
        """A client that says nothing; the caller closes it."""
        made = system_socket.create_connection(("127.0.0.1", self.port), DEADLINE_SECONDS)
        made.settimeout(DEADLINE_SECONDS)
        return made

    def subscriber(self) -> ReconnectingSocket:
        """A new subscriber with the key of the listed client."""
        endpoint = Endpoint(f"tcp://127.0.0.1:{self.port}", self.box.server.public, self.box.client)
        self._subscribers.append(sockets.subscriber(self.context, endpoint, b"live/front\n"))
        return self._subscribers[-1]

    def close(self) -> None:
        self.context.destroy(linger=0)


@pytest.fixture
def box(tmp_path: Path) -> Strongbox:
    return Strongbox(tmp_path / "framebus.secrets")


@pytest.fixture
def port(request: pytest.FixtureRequest, box: Strongbox, free_port: int) -> Iterator[Port]:
    """A test may give the limits of the authenticator as the parameter."""
    made = Port(box, free_port, **getattr(request, "param", {}))
    yield made
    made.close()


ACCEPTED = [b"1.0", b"7", b"200", b"", b"", b""]
REFUSED = [b"1.0", b"7", b"300", b"", b"", b""]


def test_a_listed_key_is_accepted_and_no_other(port: Port, box: Strongbox, caplog: pytest.LogCaptureFixture) -> None:
    assert port.answer_for(box.client.public) == ACCEPTED
    assert port.authenticator.refused == 0
    other = KeyPair.make().public
    assert port.answer_for(other) == REFUSED
    assert port.authenticator.refused == 1
    port.authenticator.tick()
    assert caplog.messages == [
        f"1 connections refused (1 in all): 192.0.2.1 has the key {other}, which is not listed (framebus keys add)"
    ]


def test_a_question_that_is_none_of_curve_is_refused(
    port: Port, box: Strongbox, caplog: pytest.LogCaptureFixture
) -> None:
    assert port.answer_for(box.client.public, b"NULL") == REFUSED
    assert port.answer_for(box.client.public, b"PLAIN") == REFUSED
    key = z85.decode(box.client.public.encode())
    assert port.answer(b"1.0", b"7", b"framebus", b"192.0.2.1", b"", b"CURVE", key, b"more") == REFUSED
    assert port.answer(b"1.0", b"7") == REFUSED
    assert port.authenticator.refused == 4
    port.authenticator.tick()
    assert caplog.messages == ["1 connections refused (1 in all): an unknown address has shown no key"]


def test_an_address_that_is_no_text_is_no_failure(port: Port, caplog: pytest.LogCaptureFixture) -> None:
    key = KeyPair.make().public
    request = (b"1.0", b"7", b"framebus", b"\xff", b"", b"CURVE", z85.decode(key.encode()))
    assert port.answer(*request) == REFUSED
    port.authenticator.tick()
    assert f"\ufffd has the key {key}" in caplog.text


def test_a_key_that_is_listed_later_is_accepted_at_once_and_a_removed_one_refused(port: Port, box: Strongbox) -> None:
    late = KeyPair.make().public
    assert port.answer_for(late) == REFUSED
    box.list_as({"late": late})
    assert port.answer_for(late) == ACCEPTED
    assert port.answer_for(box.client.public) == REFUSED


def test_while_the_file_cannot_be_used_no_key_is_listed(
    port: Port, box: Strongbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    box.file.chmod(0o644)
    assert port.answer_for(box.client.public) == REFUSED
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert caplog.messages[0].startswith(f"all clients over tcp are refused: {box.file} can be read by others")
    assert port.authenticator.guards
    port.authenticator.tick()
    assert "closing all tcp connections" not in caplog.text, "no client is connected, and the key is the same"
    box.file.chmod(0o600)
    assert port.answer_for(box.client.public) == ACCEPTED


def test_a_file_that_cannot_be_used_is_logged_once(
    port: Port, box: Strongbox, caplog: pytest.LogCaptureFixture
) -> None:
    box.file.chmod(0o644)
    port.authenticator.tick()
    port.authenticator.tick()
    assert [record.levelname for record in caplog.records] == ["ERROR"]


@pytest.mark.parametrize("port", [{"insecure": True}], indirect=True)
def test_without_keys_the_file_is_not_read_and_every_address_may_be_opened(
    port: Port, box: Strongbox, caplog: pytest.LogCaptureFixture
) -> None:
    box.file.chmod(0o644)
    port.authenticator.tick()
    assert caplog.messages == []
    (other,) = free_ports(1)
    port.authenticator.open(sockets.make(port.context, zmq.ROUTER), TcpEndpoint.parse(f"tcp://*:{other}"))
    assert not port.authenticator.guards


def test_without_the_key_of_this_machine_the_port_stays_closed_until_there_is_one(port: Port, box: Strongbox) -> None:
    with changing(box.file) as held:
        held[0] = CurveKeys(None, box.client, {"viewer": box.client.public})
    port.authenticator.tick()
    port.authenticator.tick()
    assert port.authenticator._listeners[0].bound == ""
    box.list_as({"viewer": box.client.public})

    def bound() -> str:
        port.authenticator.tick()
        return port.authenticator._listeners[0].bound

    wait_until(bound, "the port is bound again")
    port.subscriber()
    port.serve(lambda: port.authenticator._admitted)


def test_a_removed_key_closes_its_connection_and_the_port_opens_again(
    port: Port, box: Strongbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client = port.subscriber()
    port.serve(lambda: port.authenticator._admitted)
    endpoint = port.authenticator._listeners[0].bound
    assert endpoint == f"tcp://127.0.0.1:{port.port}"
    port.authenticator.tick()
    assert caplog.messages == [], "nothing has changed"
    box.list_as({})
    port.authenticator.tick()
    assert caplog.messages == ["keys were removed or changed: closing all tcp connections; listed clients reconnect"]

    def closed() -> bool:
        port.authenticator.tick()
        client.check()
        return bool(client.disconnects)

    port.serve(closed)
    port.serve(lambda: port.authenticator.refused)
    assert port.authenticator._listeners[0].bound == endpoint
    assert caplog.text.count("closing all tcp connections") == 1


def test_a_removed_key_that_nobody_used_closes_nothing(
    port: Port, box: Strongbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    box.list_as({})
    port.authenticator.tick()
    assert caplog.messages == []


def test_another_key_of_this_machine_holds_from_the_next_tick(port: Port, box: Strongbox) -> None:
    box.server = KeyPair.make()
    box.list_as({"viewer": box.client.public})
    port.authenticator.tick()
    port.subscriber()
    port.serve(lambda: port.authenticator._admitted)
    assert port.authenticator._admitted == {box.client.public}


@pytest.mark.parametrize("port", [{"max_per_address": 3}, {"max_connections": 3}], indirect=True)
def test_a_connection_beyond_the_limit_is_closed(port: Port, caplog: pytest.LogCaptureFixture) -> None:
    first = [port.knock() for _ in range(3)]
    port.serve(lambda: len(port.authenticator._connections) == 3)
    assert port.authenticator.refused == 0
    assert set(port.authenticator._connections.values()) == {"127.0.0.1"}
    with port.knock() as beyond:
        port.serve(lambda: port.authenticator.refused)
        greeting = 64  # of ZMTP, which libzmq may have sent already
        while beyond.recv(greeting):
            pass
    port.serve(lambda: len(port.authenticator._connections) == 3)
    assert port.authenticator.refused == 1, "its end is not counted as well"
    port.authenticator.tick()
    assert caplog.messages == ["1 connections refused (1 in all): 127.0.0.1 connected when there were too many"]
    for each in first:
        each.close()
    port.serve(lambda: not port.authenticator._connections)
    assert port.authenticator.refused == 4, "who leaves without having shown a key counts, too"
    with port.knock():
        port.serve(lambda: len(port.authenticator._connections) == 1)
    assert port.authenticator.refused == 4


@pytest.mark.parametrize(
    ("port", "insecure"), [({"insecure": False}, False), ({"insecure": True}, True)], indirect=["port"]
)
def test_a_peer_that_speaks_another_mechanism_is_counted_with_its_address(
    port: Port, insecure: bool, caplog: pytest.LogCaptureFixture
) -> None:
    assert port.authenticator.guards is not insecure
    with port.knock() as client:
        port.serve(lambda: port.authenticator._connections)
        client.sendall(NULL_GREETING.replace(b"NULL", b"CURVE") if insecure else NULL_GREETING)
        port.serve(lambda: port.authenticator.refused)
    port.serve(lambda: not port.authenticator._connections)
    assert port.authenticator._failed == set(), "the next client that leaves has not failed"
    port.authenticator.tick()
    why = "does not use ZMTP" if insecure else "connected without a key, or with a wrong server_key"
    assert caplog.messages == [f"1 connections refused (1 in all): 127.0.0.1 {why}"]


def test_a_client_that_leaves_is_forgotten_and_no_refusal(port: Port) -> None:
    for _ in range(3):
        with port.knock():
            port.serve(lambda: port.authenticator._connections)
    client = port.subscriber()
    port.serve(lambda: port.authenticator._admitted)
    client.close(0)
    port.serve(lambda: not port.authenticator._connections)


def test_after_its_end_there_is_no_authenticator(port: Port) -> None:
    readable = list(port.authenticator.readable())
    assert len(readable) == 2
    port.authenticator.close()
    assert all(socket.closed for socket in readable)
    with port.context.socket(zmq.REP) as other:

        def bound() -> bool:
            try:
                other.bind(ZAP_ENDPOINT)
            except zmq.ZMQError:
                return False
            return True

        wait_until(bound, "the endpoint is free")


def test_two_ports_of_one_process_have_a_monitor_each(port: Port, box: Strongbox) -> None:
    second = sockets.make(port.context, zmq.ROUTER)
    (other,) = free_ports(1)
    port.authenticator.open(second, TcpEndpoint.parse(f"tcp://127.0.0.1:{other}"))
    with port.knock(), system_socket.create_connection(("127.0.0.1", other)):
        port.serve(lambda: len(port.authenticator._connections) == 2)
        listeners = {listener.endpoint.address.port for listener, _ in port.authenticator._connections}
    assert listeners == {port.port, other}
    assert len(list(port.authenticator.readable())) == 3


def test_a_connection_that_has_ended_has_no_address() -> None:
    with connection(1 << 20) as none:
        assert none is None
    ours, theirs = system_socket.socketpair()
    with ours, theirs:
        assert address_of(ours) == UNKNOWN
        with connection(ours.fileno()) as peer:
            assert peer is not None
            assert peer.fileno() != ours.fileno()
        ours.getsockname()  # the duplicate is closed, and not this one
    with system_socket.create_server(("127.0.0.1", 0)) as server:
        client = system_socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
        with accepted, client:
            assert address_of(accepted) == "127.0.0.1"


def test_a_port_that_was_taken_meanwhile_is_tried_at_each_tick(port: Port, box: Strongbox) -> None:
    port.subscriber()
    port.serve(lambda: port.authenticator._admitted)
    port.publisher.unbind(f"tcp://127.0.0.1:{port.port}")
    port.authenticator._listeners[0].bound = ""
    taken: list[system_socket.socket] = []

    def take() -> bool:
        try:
            taken.append(system_socket.create_server(("127.0.0.1", port.port)))
        except OSError:
            return False
        return True

    wait_until(take, "the port is free")
    begun = time.monotonic()
    box.list_as({})
    port.authenticator.tick()
    assert time.monotonic() - begun < DEADLINE_SECONDS
    assert port.authenticator._listeners[0].bound == ""
    taken[0].close()

    def bound() -> str:
        port.authenticator.tick()
        return port.authenticator._listeners[0].bound

    wait_until(bound, "the port is bound again")
    with port.knock():
        port.serve(lambda: port.authenticator._connections)
