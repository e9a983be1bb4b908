"""A socket that connects again where libzmq gives up, on real connections."""

import contextlib
import os
import resource
import socket
import time
from collections.abc import Iterator

import pytest
import zmq

from framebus.protocol.wire import topic
from framebus.transport import reconnecting_socket, sockets
from framebus.transport.reconnecting_socket import RECONNECT_PAUSE_SECONDS, ReconnectingSocket
from tests.framebus.conftest import Publish
from tests.framebus.transport.conftest import Subscribe
from tests.processes import DEADLINE_SECONDS, wait_until

DEADLINE_MS = int(DEADLINE_SECONDS * 1000)
GREETING_AND_GARBAGE = b"\xff" + bytes(8) + b"\x7f\x03\x00NULL".ljust(55, b"\0") + b"\x06" + b"\xff" * 64
"""The greeting of ZMTP 3 with mechanism NULL, and then a command longer than any."""


@pytest.fixture
def made() -> Iterator[ReconnectingSocket]:
    """A socket that is not connected yet."""
    with zmq.Context() as context:
        socket = sockets.make(context, zmq.SUB)
        yield socket
        socket.close()


def test_before_watch_there_is_nothing_to_check(made: ReconnectingSocket) -> None:
    made.check()

    assert (made.monitor_socket, made.reconnects_in, made.disconnects) == (None, None, 0)


def test_watching_twice_keeps_one_monitor(made: ReconnectingSocket, endpoint: str) -> None:
    made.connect(endpoint)
    made.watch(endpoint)
    monitor = made.monitor_socket
    made.watch(endpoint)

    assert made.monitor_socket is monitor is not None


def test_a_publisher_that_is_not_there_yet_is_no_lost_connection(subscribe: Subscribe, endpoint: str) -> None:
    made = subscribe(endpoint, b"")
    made.check()

    assert (made.reconnects_in, made.disconnects) == (None, 0)


def test_a_lost_connection_is_counted_and_a_new_one_ends_the_wait(
    subscribe: Subscribe, endpoint: str, publish: Publish
) -> None:
    publisher = publish(endpoint)
    made = subscribe(endpoint, b"live/front\n")
    publisher.subscription()
    publisher.close()

    def lost() -> bool:
        made.check()
        return made.disconnects == 1

    wait_until(lost, "the connection is lost")
    restarted = publish(endpoint)

    def subscribed() -> bool:
        made.check()
        made.poll(0)  # libzmq connects by itself, but subscribes again only when its socket is used
        return made.reconnects_in is None and restarted.is_heard()

    wait_until(subscribed, "the new connection is noticed")
    assert made.disconnects == 1
    restarted.close()

    def lost_again() -> bool:
        made.check()
        return made.disconnects == 2

    wait_until(lost_again, "the second connection is lost")


def test_the_pause_before_it_connects_again_is_counted_down(
    made: ReconnectingSocket, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    made.connect(endpoint)
    made.watch(endpoint)
    made._lost_at = now
    assert made.reconnects_in == RECONNECT_PAUSE_SECONDS
    now += RECONNECT_PAUSE_SECONDS / 2
    made.check()
    assert made.reconnects_in == RECONNECT_PAUSE_SECONDS / 2
    now += RECONNECT_PAUSE_SECONDS
    assert made.reconnects_in == 0
    made.check()
    assert made.reconnects_in is None


def test_a_connection_that_libzmq_has_given_up_is_made_again(
    made: ReconnectingSocket, endpoint: str, publish: Publish
) -> None:
    publisher = publish(endpoint)
    made.setsockopt(zmq.SUBSCRIBE, b"live/front\n")
    made.watch(endpoint)  # first, to be told of the connection
    made.connect(endpoint)
    publisher.subscription()
    assert made.monitor_socket is not None
    assert made.monitor_socket.poll(DEADLINE_MS)
    made.check()  # takes note of the connection
    made.disconnect(endpoint)
    made._lost_at = time.monotonic() - RECONNECT_PAUSE_SECONDS

    def heard() -> bool:
        made.check()
        publisher.send_message(b"live/front\n")
        return bool(made.poll(0))

    wait_until(heard, "a message")


def test_closing_closes_the_monitor_too_and_may_be_repeated(made: ReconnectingSocket, endpoint: str) -> None:
    made.connect(endpoint)
    made.watch(endpoint)
    monitor = made.monitor_socket
    assert monitor in reconnecting_socket._monitors
    made.close()
    made.close()

    assert monitor is not None
    assert monitor.closed
    assert made.closed
    assert monitor not in reconnecting_socket._monitors


def test_a_socket_that_its_context_has_closed_can_be_closed(endpoint: str) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    made = sockets.subscriber(context, endpoint, b"")
    context.destroy()
    made.close()

    assert made.closed


def test_a_forked_process_does_not_close_the_socket(
    made: ReconnectingSocket, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.connect(endpoint)
    maker = os.getpid()
    inherited = [made.is_inherited]
    with monkeypatch.context() as forked:
        forked.setattr(os, "getpid", lambda: maker + 1)
        inherited.append(made.is_inherited)
        made.close()
    assert inherited == [False, True]
    assert not made.closed


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["ipc", "tcp"])
@pytest.mark.parametrize("size", [sockets.SUBSCRIBER_MAX_BYTES + 1, 128 << 20])
def test_a_message_over_the_limit_is_not_held_and_ends_no_subscription(
    transport: str,
    size: int,
    subscribe: Subscribe,
    endpoint: str,
    free_port: int,
    publish: Publish,
    caplog: pytest.LogCaptureFixture,
) -> None:
    where = endpoint if transport == "ipc" else f"tcp://127.0.0.1:{free_port}"
    publisher = publish(where)
    made = subscribe(where, topic("live", "front"))
    assert publisher.subscription() == b"\x01live/front\n"
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    message = topic("live", "front") + bytes(size)
    held_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
    publisher.send_message(message)
    del message

    def subscribes_again() -> bool:
        made.check()
        made.poll(50)
        return publisher.is_heard() and publisher.subscription() == b"\x01live/front\n"

    wait_until(subscribes_again, "the subscriber connects again")
    assert (made.disconnects, made.violations) == (1, 1)
    assert caplog.messages == [
        "1 ZeroMQ connections that ended because of a message over the limit, or of bytes that are not ZeroMQ's "
        f"(1 in all): {where}"
    ]
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
    assert grown_kb < held_kb + size // 1024 * 3 // 2, "the publisher's own copy, and no other"
    publisher.send_message(b"live/front\nsmall")
    assert made.poll(DEADLINE_MS)
    assert made.recv() == b"live/front\nsmall"


@pytest.mark.slow
def test_bytes_that_are_not_zmtp_end_no_subscription(subscribe: Subscribe, free_port: int, publish: Publish) -> None:
    endpoint = f"tcp://127.0.0.1:{free_port}"
    with socket.create_server(("127.0.0.1", free_port)) as server:
        made = subscribe(endpoint, topic("live", "front"))
        server.settimeout(DEADLINE_SECONDS)
        talker, _ = server.accept()
        with talker:
            talker.sendall(GREETING_AND_GARBAGE)
            talker.settimeout(DEADLINE_SECONDS)
            while talker.recv(1000):
                pass
    publisher = publish(endpoint)

    def subscribes() -> bool:
        made.check()
        made.poll(50)
        return publisher.is_heard()

    wait_until(subscribes, "the subscriber connects again")
    assert made.violations == 1


@pytest.mark.medium
def test_each_violation_is_counted(subscribe: Subscribe, free_port: int) -> None:
    with socket.create_server(("127.0.0.1", free_port)) as server:
        made = subscribe(f"tcp://127.0.0.1:{free_port}", topic("live", "front"))
        server.settimeout(0.05)

        def violates_twice() -> bool:
            made.check()
            with contextlib.suppress(TimeoutError):
                talker, _ = server.accept()
                with talker:
                    talker.settimeout(DEADLINE_SECONDS)
                    talker.sendall(GREETING_AND_GARBAGE)
                    while talker.recv(1000):
                        pass
            return made.violations == 2

        wait_until(violates_twice, "two violations are counted")
    assert made.disconnects == 2


@pytest.mark.medium
@pytest.mark.parametrize("transport", ["ipc", "tcp"])
def test_a_publisher_that_ends_has_violated_nothing(
    transport: str, subscribe: Subscribe, endpoint: str, free_port: int, publish: Publish
) -> None:
    where = endpoint if transport == "ipc" else f"tcp://127.0.0.1:{free_port}"
    publisher = publish(where)
    made = subscribe(where, topic("live", "front"))
    publisher.subscription()
    publisher.close()
    end = time.monotonic() + 2 * RECONNECT_PAUSE_SECONDS
    while time.monotonic() < end:
        made.check()
        made.poll(50)
    assert (made.disconnects, made.violations) == (1, 0)
