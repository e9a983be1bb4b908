"""How sockets are set up, and what comes of it on a real connection."""

import os
import pickle
import signal
import socket
from contextlib import closing

import pytest
import zmq
from zmq.utils.monitor import recv_monitor_message

from framebus.credentials.curve_keys import KeyPair
from framebus.protocol.wire import MAX_MESSAGE_BYTES, FrameHeader, parse, topic
from framebus.transport import sockets
from framebus.transport.endpoints import Endpoint
from tests.conftest import TESTCARD, Configure, Start
from tests.framebus.conftest import Publish
from tests.framebus.transport.conftest import Subscribe
from tests.processes import DEADLINE_SECONDS, wait_until

Context = zmq.Context[zmq.Socket[bytes]]
DEADLINE_MS = int(DEADLINE_SECONDS * 1000)
LIMITS = {
    zmq.LINGER: 0,
    zmq.RECONNECT_IVL: sockets.RECONNECT_IVL_MS,
    zmq.RECONNECT_IVL_MAX: sockets.RECONNECT_IVL_MAX_MS,
}
HEARTBEATS = {
    zmq.HEARTBEAT_IVL: sockets.HEARTBEAT_IVL_MS,
    zmq.HEARTBEAT_TIMEOUT: sockets.HEARTBEAT_TIMEOUT_MS,
    zmq.HEARTBEAT_TTL: sockets.HEARTBEAT_TIMEOUT_MS,
}


def options_of(socket: "zmq.Socket[bytes]", *options: int) -> dict[int, object]:
    return {option: socket.getsockopt(option) for option in options}


def test_every_socket_has_the_limits() -> None:
    with zmq.Context() as context, sockets.make(context, zmq.DEALER) as made:
        assert options_of(made, *LIMITS) == LIMITS
        assert made.getsockopt(zmq.MAXMSGSIZE) == MAX_MESSAGE_BYTES


def test_a_dead_peer_is_given_up_within_seconds() -> None:
    assert sockets.HEARTBEAT_IVL_MS < sockets.HEARTBEAT_TIMEOUT_MS <= 10_000
    assert sockets.RECONNECT_IVL_MS <= sockets.RECONNECT_IVL_MAX_MS <= 1000


def test_a_subscriber_has_the_limits_and_holds_one_message(subscribe: Subscribe, endpoint: str) -> None:
    made = subscribe(endpoint, b"live/front\n")

    assert made.getsockopt(zmq.TYPE) == zmq.SUB
    assert made.getsockopt(zmq.CONFLATE) == 1
    assert options_of(made, *LIMITS) == LIMITS
    assert made.getsockopt(zmq.MAXMSGSIZE) == sockets.SUBSCRIBER_MAX_BYTES
    assert made.getsockopt(zmq.HEARTBEAT_IVL) == 0, "a reader over ipc that does not answer PING would be disconnected"


def test_a_subscriber_over_tcp_may_have_heartbeats_of_its_own() -> None:
    with (
        zmq.Context() as context,
        closing(sockets.subscriber(context, "tcp://127.0.0.1:1", None, heartbeats_ms=(100, 300))) as made,
    ):
        assert options_of(made, *HEARTBEATS) == dict(zip(HEARTBEATS, (100, 300, 300), strict=True))


def test_a_subscriber_asks_for_its_topic(subscribe: Subscribe, endpoint: str, publish: Publish) -> None:
    publisher = publish(endpoint)

    made = subscribe(endpoint, topic("status", "front"))

    assert publisher.subscription() == b"\x01status/front\n"
    publisher.send_message(b"live/front\n")
    publisher.send_message(b"status/front\n1")
    assert made.poll(DEADLINE_MS)
    assert made.recv() == b"status/front\n1"


def test_a_subscriber_without_a_topic_asks_for_nothing_yet(
    subscribe: Subscribe, endpoint: str, publish: Publish
) -> None:
    publisher = publish(endpoint)

    made = subscribe(endpoint, None)
    made.setsockopt(zmq.SUBSCRIBE, b"peek/front\n")

    assert publisher.subscription() == b"\x01peek/front\n"


def test_an_endpoint_that_is_none_is_refused() -> None:
    context: Context = zmq.Context()
    with pytest.raises(sockets.EndpointError) as caught:
        sockets.subscriber(context, "nowhere", None)
    assert str(caught.value) == "endpoint 'nowhere': Invalid argument; allowed: tcp://HOST:PORT or ipc://PATH"
    context.destroy()


def test_a_publisher_that_hangs_is_disconnected_over_tcp_until_it_continues(
    subscribe: Subscribe, configure: Configure, start: Start, free_port: int
) -> None:
    endpoint = f"tcp://127.0.0.1:{free_port}"
    config = configure(f'{TESTCARD}publish = "{endpoint}"\n')
    capture = start("capture", "front", config=config)
    made = subscribe(endpoint, topic("live", "front"), heartbeats_ms=(100, 1000))
    assert made.poll(DEADLINE_MS)
    _, before = parse(made.recv(), FrameHeader)

    def disconnected() -> bool:
        made.check()
        return made.disconnects > 0

    os.kill(capture.pid, signal.SIGSTOP)
    wait_until(disconnected, "a silent peer is disconnected")
    os.kill(capture.pid, signal.SIGCONT)

    def continues() -> bool:
        made.check()
        return bool(made.poll(50)) and parse(made.recv(), FrameHeader)[1].seq > before.seq

    wait_until(continues, "the next frame comes")


def test_over_tcp_little_is_held(free_port: int) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    made = sockets.make(context, zmq.XPUB)
    sockets.limit_tcp(made, f"tcp://127.0.0.1:{free_port}", 65536)
    assert made.getsockopt(zmq.SNDHWM) == 1
    assert made.getsockopt(zmq.SNDBUF) == 65536
    assert options_of(made, *HEARTBEATS) == HEARTBEATS
    context.destroy()


def test_over_tcp_a_dead_link_is_tried_again_soon(free_port: int) -> None:
    over_tcp = {
        **HEARTBEATS,
        zmq.CONNECT_TIMEOUT: sockets.CONNECT_TIMEOUT_MS,
        zmq.HANDSHAKE_IVL: sockets.HANDSHAKE_IVL_MS,
    }
    context: Context = zmq.Context()
    made = sockets.subscriber(context, f"tcp://127.0.0.1:{free_port}", b"live/front\n")
    assert options_of(made, *LIMITS) == LIMITS
    assert options_of(made, *over_tcp) == over_tcp
    context.destroy()


@pytest.mark.slow
def test_a_connection_is_dialled_while_the_other_end_takes_no_calls() -> None:
    context: Context = zmq.Context()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and never listens
        made = sockets.subscriber(context, f"tcp://127.0.0.1:{silent.getsockname()[1]}", b"live/front\n")
        with made.get_monitor_socket(zmq.EVENT_CONNECT_RETRIED) as monitor:
            for _ in range(3):
                assert monitor.poll(DEADLINE_MS)
                assert recv_monitor_message(monitor)["value"] <= sockets.RECONNECT_IVL_MAX_MS
            made.disable_monitor()
    context.destroy()


@pytest.mark.parametrize("errno", [zmq.EINVAL, None])
def test_an_endpoint_error_says_what_is_allowed_and_survives_a_pickle(errno: int | None) -> None:
    error = sockets.EndpointError("tpc://x", errno)
    reason = "Invalid argument" if errno else "Success"
    again = pickle.loads(pickle.dumps(error))
    for one in (error, again):
        assert type(one) is sockets.EndpointError
        assert str(one) == f"endpoint 'tpc://x': {reason}; allowed: tcp://HOST:PORT or ipc://PATH"
        assert (one.endpoint, one.errno) == ("tpc://x", errno or 0)


@pytest.mark.parametrize(("host", "is_ipv6"), [("127.0.0.1", 0), ("[::1]", 1)])
def test_an_address_of_ipv6_is_connected_and_bound_over_it(host: str, is_ipv6: int, free_port: int) -> None:
    """Not for every address: libzmq would then connect to a name by IPv6 alone, where it has both."""
    with zmq.Context() as context:
        subscriber = sockets.subscriber(context, f"tcp://{host}:{free_port}", b"")
        publisher = sockets.make(context, zmq.XPUB)
        sockets.limit_tcp(publisher, f"tcp://{host}:{free_port}")
        assert (subscriber.getsockopt(zmq.IPV6), publisher.getsockopt(zmq.IPV6)) == (is_ipv6, is_ipv6)
        assert publisher.getsockopt(zmq.SNDHWM) == 1000, "without a buffer size, as of a service, replies are queued"
        subscriber.close()
        publisher.close()


@pytest.mark.parametrize(("server_key", "has_pair", "mechanism"), [("k", True, 2), ("k", False, 0), (None, True, 0)])
def test_curve_takes_both_keys(server_key: str | None, has_pair: bool, mechanism: int, free_port: int) -> None:
    server, client = KeyPair.make(), KeyPair.make()
    endpoint = Endpoint(
        f"tcp://127.0.0.1:{free_port}", server.public if server_key else None, client if has_pair else None
    )
    with zmq.Context() as context, sockets.subscriber(context, endpoint, b"") as made:
        assert made.getsockopt(zmq.MECHANISM) == mechanism


def test_a_queue_holds_so_many_and_no_newest_one(free_port: int) -> None:
    with zmq.Context() as context, sockets.subscriber(context, f"tcp://127.0.0.1:{free_port}", b"", queue=7) as made:
        assert made.getsockopt(zmq.RCVHWM) == 7
        assert made.getsockopt(zmq.CONFLATE) == 0


def test_whether_a_message_waits_is_known_without_taking_it() -> None:
    with zmq.Context() as context, context.socket(zmq.PUSH) as push, context.socket(zmq.PULL) as pull:
        pull.bind("inproc://waits")
        push.connect("inproc://waits")
        assert sockets.has_message(pull) is False
        push.send(b"1")
        wait_until(lambda: sockets.has_message(pull), "a message waits")
        assert pull.recv(zmq.NOBLOCK) == b"1"
        assert sockets.has_message(pull) is False
