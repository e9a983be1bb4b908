"""How many subscriptions count as a flood."""

from pathlib import Path

import pytest
import zmq

from framebus.publishing.subscription_limit import MAX_SUBSCRIPTIONS_IN_A_ROW, MAX_TOPICS_BYTES, SubscriptionLimit
from tests.processes import wait_until


def noted(*messages: bytes) -> SubscriptionLimit:
    limit = SubscriptionLimit()
    for message in messages:
        limit.note(message)
    return limit


def test_topics_of_so_many_bytes_are_allowed_and_no_more() -> None:
    longest = b"a" * MAX_TOPICS_BYTES
    assert not noted(b"\x01" + longest).is_exceeded
    assert noted(b"\x01" + longest, b"\x01b").is_exceeded
    left = noted(b"\x01" + longest, b"\x01b", b"\x00b")
    assert (left.is_exceeded, left.topics) == (False, {longest})


def test_a_topic_counts_once_and_an_end_without_a_beginning_does_not() -> None:
    messages = (b"\x01" + b"a" * MAX_TOPICS_BYTES, b"\x01" + b"a" * MAX_TOPICS_BYTES, b"\x00bbb", b"", b"\x02ccc")
    assert not noted(*messages).is_exceeded
    assert noted(*messages, b"\x01d").is_exceeded


@pytest.mark.parametrize("message", [b"\x01a", b"\x00a", b"", b"neither"])
def test_so_many_messages_without_a_pause_are_allowed(message: bytes) -> None:
    limit = noted(*[message] * MAX_SUBSCRIPTIONS_IN_A_ROW)
    found = [limit.is_exceeded]
    limit.note(message)
    found.append(limit.is_exceeded)
    limit.pause()
    assert [*found, limit.is_exceeded] == [False, True, False]


@pytest.mark.medium
def test_an_endpoint_can_be_bound_again_as_soon_as_its_connections_are_closed(tmp_path: Path) -> None:
    endpoint = f"ipc://{tmp_path}/front"
    limit = SubscriptionLimit()
    with zmq.Context() as context, context.socket(zmq.XPUB) as publisher, context.socket(zmq.SUB) as peer:
        peer.linger = 0

        def is_subscribed() -> bool:
            peer.poll(0)  # it subscribes again after it has connected again
            if publisher.poll(0):
                limit.note(publisher.recv())
            return limit.topics == {b"a"}

        publisher.bind(endpoint)
        peer.connect(endpoint)
        peer.subscribe(b"a")
        for _ in range(2):
            wait_until(is_subscribed, "the subscription")
            assert limit.unbind(publisher, endpoint)
            assert not limit.topics
            publisher.bind(endpoint)
        wait_until(is_subscribed, "the subscription")
