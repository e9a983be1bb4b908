"""A socket in an asyncio loop: nothing that arrived is left lying, and others get their turn."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import zmq

from framebus.transport.async_receiver import MAX_BURST, AsyncReceiver
from tests.framebus.waiting import until

Socket = zmq.Socket[bytes]
ENDPOINT = "inproc://test"


@pytest.fixture
async def context() -> AsyncIterator[zmq.Context[Socket]]:
    made: zmq.Context[Socket] = zmq.Context()
    yield made
    made.destroy(linger=0)


@pytest.fixture
def pull(context: zmq.Context[Socket]) -> Socket:
    made = context.socket(zmq.PULL)
    made.bind(ENDPOINT)
    return made


@pytest.fixture
def push(context: zmq.Context[Socket], pull: Socket) -> Socket:
    made = context.socket(zmq.PUSH)
    made.connect(ENDPOINT)
    return made


async def test_what_was_there_before_is_handed_over(pull: Socket, push: Socket) -> None:
    push.send_multipart([b"one", b"part"])
    push.send(b"two")
    taken: list[list[bytes]] = []

    receiver = AsyncReceiver(pull, taken.append)
    await until(lambda: len(taken) == 2)
    receiver.close()

    assert taken == [[b"one", b"part"], [b"two"]]


async def test_what_comes_later_is_handed_over(pull: Socket, push: Socket) -> None:
    taken: list[list[bytes]] = []
    receiver = AsyncReceiver(pull, taken.append)

    for number in range(5):
        await asyncio.sleep(0.01)
        push.send(b"%d" % number)
        await until(lambda: taken[-1:] == [[b"%d" % number]])  # noqa: B023  (it is awaited at once)
    receiver.close()

    assert taken == [[b"%d" % number] for number in range(5)]


async def test_a_burst_leaves_the_loop_to_others_now_and_then(pull: Socket, push: Socket) -> None:
    for number in range(3 * MAX_BURST + 1):
        push.send(b"%d" % number)
    taken: list[list[bytes]] = []

    receiver = AsyncReceiver(pull, taken.append)
    turn = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(lambda: turn.set_result(len(taken)))

    assert await turn == MAX_BURST
    await until(lambda: len(taken) == 3 * MAX_BURST + 1)
    receiver.close()


async def test_a_callback_may_close_it(pull: Socket, push: Socket) -> None:
    push.send(b"one")
    push.send(b"two")
    taken: list[list[bytes]] = []

    def take(parts: list[bytes]) -> None:
        taken.append(parts)
        receiver.close()

    receiver = AsyncReceiver(pull, take)
    await until(lambda: taken)
    await asyncio.sleep(0.05)

    assert taken == [[b"one"]]
    assert pull.recv() == b"two"  # the socket is still open, and still has it


async def test_a_closed_one_hands_over_nothing_more(pull: Socket, push: Socket) -> None:
    taken: list[list[bytes]] = []
    receiver = AsyncReceiver(pull, taken.append)
    receiver.close()
    receiver.close()

    push.send(b"one")
    await asyncio.sleep(0.05)
    receiver.drain()

    assert taken == []


async def test_a_reply_that_came_during_a_send_is_found_by_drain(context: zmq.Context[Socket]) -> None:
    """The descriptor spoke while `send` was looking, and says nothing more: `drain` has to ask."""
    with context.socket(zmq.ROUTER) as router, context.socket(zmq.DEALER) as dealer:
        router.bind(ENDPOINT)
        dealer.connect(ENDPOINT)
        taken: list[list[bytes]] = []
        receiver = AsyncReceiver(dealer, taken.append)

        dealer.send(b"question")
        routing, question = router.recv_multipart()
        router.send_multipart([routing, b"answer"])
        dealer.send(question)
        receiver.drain()
        receiver.close()

    assert taken == [[b"answer"]]
