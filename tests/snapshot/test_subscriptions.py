"""The subscriptions of the snapshot service: what each camera's publisher is asked for, and until when."""

import time
from collections.abc import Iterator

import pytest
import zmq

from framebus.transport.endpoints import Endpoint
from snapshot.subscriptions import LINGER_SECONDS, Subscriptions
from tests.framebus.publisher import Publisher
from tests.processes import wait_until


@pytest.fixture
def publisher(run_dir: object) -> Iterator[Publisher]:
    made = Publisher(f"ipc://{run_dir}/front.frames")
    yield made
    made.close()


@pytest.fixture
def poller() -> zmq.Poller:
    return zmq.Poller()


@pytest.fixture
def subscriptions(run_dir: object, poller: zmq.Poller) -> Iterator[Subscriptions]:
    """Subscriptions to one camera, front."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    yield Subscriptions({"front": Endpoint(f"ipc://{run_dir}/front.frames")}, context, poller)
    context.destroy()


@pytest.fixture
def subscribed(publisher: Publisher, subscriptions: Subscriptions) -> Subscriptions:
    """The same, once the publisher has heard of them."""
    assert {publisher.subscription() for _ in range(2)} == {b"\x01peek/front\n", b"\x01status/front\n"}
    return subscriptions


def kinds(subscriptions: Subscriptions) -> list[str]:
    return [kind for kind, camera, _ in subscriptions.items() if camera == "front"]


def test_every_camera_has_a_socket_for_peek_and_one_for_status(run_dir: object, poller: zmq.Poller) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    peers = {name: Endpoint(f"ipc://{run_dir}/{name}.frames") for name in ("front", "back")}
    items = Subscriptions(peers, context, poller).items()

    assert [(kind, camera) for kind, camera, _ in items] == [
        *[("peek", "front"), ("status", "front"), ("peek", "back"), ("status", "back")]
    ]
    assert all(socket in poller for _, _, socket in items)
    context.destroy()


def test_each_message_arrives_on_the_socket_of_its_kind(
    publisher: Publisher, subscribed: Subscriptions, poller: zmq.Poller
) -> None:
    publisher.send(1, kind="peek")
    wait_until(lambda: poller.poll(0), "the frame arrives")
    ready = dict(poller.poll(0))

    assert [kind for kind, _, socket in subscribed.items() if socket in ready] == ["peek"]


def test_live_is_asked_for_when_it_is_needed(
    publisher: Publisher, subscribed: Subscriptions, poller: zmq.Poller
) -> None:
    subscribed.set_live("front", needed=False)
    assert kinds(subscribed) == ["peek", "status"]
    subscribed.set_live("front", needed=True)
    subscribed.set_live("front", needed=True)

    assert publisher.subscription() == b"\x01live/front\n"
    assert kinds(subscribed) == ["peek", "status", "live"]
    assert len(poller.sockets) == 3


def test_live_lingers_after_it_was_needed_last(
    publisher: Publisher, subscribed: Subscriptions, poller: zmq.Poller, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    subscribed.set_live("front", needed=True)
    assert publisher.subscription() == b"\x01live/front\n"
    now += LINGER_SECONDS
    subscribed.set_live("front", needed=False)
    assert kinds(subscribed) == ["peek", "status", "live"]
    subscribed.set_live("front", needed=True)
    now += LINGER_SECONDS
    subscribed.set_live("front", needed=False)
    assert kinds(subscribed) == ["peek", "status", "live"]
    now += 0.01
    subscribed.set_live("front", needed=False)
    monkeypatch.undo()
    assert kinds(subscribed) == ["peek", "status"]
    assert len(poller.sockets) == 2
    assert publisher.subscription() == b"\x00live/front\n"


def test_each_request_for_full_asks_for_one_frame(publisher: Publisher, subscribed: Subscriptions) -> None:
    subscribed.request_full("front")
    assert publisher.subscription() == b"\x01full/front\n"
    subscribed.request_full("front")
    asked = [publisher.subscription()]
    if asked == [b"\x00full/front\n"]:
        asked.append(publisher.subscription())

    assert asked[-1] == b"\x01full/front\n"
    assert kinds(subscribed) == ["peek", "status", "full"]


def test_full_is_closed_once_and_may_not_be_open(
    publisher: Publisher, subscribed: Subscriptions, poller: zmq.Poller
) -> None:
    subscribed.close_full("front")
    subscribed.request_full("front")
    assert publisher.subscription() == b"\x01full/front\n"
    subscribed.close_full("front")
    subscribed.close_full("front")

    assert kinds(subscribed) == ["peek", "status"]
    assert len(poller.sockets) == 2
    assert publisher.subscription() == b"\x00full/front\n"


def test_a_check_takes_note_of_a_lost_connection_of_every_socket(
    publisher: Publisher, subscribed: Subscriptions
) -> None:
    publisher.close()

    def lost() -> bool:
        subscribed.check()
        return all(socket.disconnects == 1 for socket in subscribed._sockets.values())

    wait_until(lost, "the connections are lost")
