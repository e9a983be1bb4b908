"""A socket in an asyncio loop: nothing that arrived is left lying, and others get their turn."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import zmq

from framebus.transport import sockets
from framebus.transport.async_receiver import MAX_BURST, AsyncReceiver
from tests.framebus.waiting import until
from tests.processes import DEADLINE_SECONDS

Socket = zmq.Socket[bytes]
ENDPOINT = "inproc://test"


def into(taken: list[list[bytes]]) -> Callable[[list[zmq.Frame]], None]:
    """A callback that notes the parts of each message."""
    return lambda parts: taken.append([part.bytes for part in parts])


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

    receiver = AsyncReceiver(pull, into(taken))
    await until(lambda: len(taken) == 2)
    receiver.close()

    assert taken == [[b"one", b"part"], [b"two"]]


async def test_what_comes_later_is_handed_over(pull: Socket, push: Socket) -> None:
    taken: list[list[bytes]] = []
    receiver = AsyncReceiver(pull, into(taken))

    for number in range(5):
        await asyncio.sleep(0.01)
        push.send(b"%d" % number)
        await until(lambda: taken[-1:] == [[b"%d" % number]])  # noqa: B023  (it is awaited at once)
    receiver.close()

    assert taken == [[b"%d" % number] for number in range(5)]


@pytest.mark.parametrize("endpoint", [ENDPOINT, "ipc"])
@pytest.mark.parametrize("size", [10, 5_000, 300_000])
async def test_a_view_of_a_part_outlives_the_socket_and_its_context(endpoint: str, size: int, tmp_path: Path) -> None:
    endpoint = f"ipc://{tmp_path}/s" if endpoint == "ipc" else endpoint
    context: zmq.Context[Socket] = zmq.Context()
    with context.socket(zmq.PULL) as pull, context.socket(zmq.PUSH) as push:
        pull.bind(endpoint)
        push.connect(endpoint)
        views: list[memoryview] = []
        receiver = AsyncReceiver(pull, lambda parts: views.append(parts[-1].buffer))
        messages = [bytes([number]) * size for number in range(20)]
        for number, message in enumerate(messages, 1):
            push.send(message)
            await until(lambda: len(views) == number)  # noqa: B023  (it is awaited at once)
        receiver.close()
    context.destroy(linger=0)

    assert [bytes(each) for each in views] == messages


async def test_a_burst_leaves_the_loop_to_others_now_and_then(pull: Socket, push: Socket) -> None:
    for number in range(3 * MAX_BURST + 1):
        push.send(b"%d" % number)
    taken: list[list[bytes]] = []

    receiver = AsyncReceiver(pull, into(taken))
    turn = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(lambda: turn.set_result(len(taken)))

    assert await turn == MAX_BURST
    await until(lambda: len(taken) == 3 * MAX_BURST + 1)
    receiver.close()


async def test_a_burst_can_be_a_single_message(pull: Socket, push: Socket) -> None:
    push.send(b"one")
    push.send(b"two")
    taken: list[list[bytes]] = []

    receiver = AsyncReceiver(pull, into(taken), max_burst=1)
    turn = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(lambda: turn.set_result(len(taken)))

    assert await turn == 1
    await until(lambda: taken == [[b"one"], [b"two"]])
    receiver.close()


async def test_a_callback_may_close_it(pull: Socket, push: Socket) -> None:
    push.send(b"one")
    push.send(b"two")
    taken: list[list[bytes]] = []

    def take(parts: list[zmq.Frame]) -> None:
        into(taken)(parts)
        receiver.close()

    receiver = AsyncReceiver(pull, take)
    await until(lambda: taken)
    await asyncio.sleep(0.05)

    assert taken == [[b"one"]]
    assert pull.recv() == b"two"  # the socket is still open, and still has it


async def test_a_callback_that_fails_leaves_no_message_in_the_socket(
    context: zmq.Context[Socket], tmp_path: Path
) -> None:
    """libzmq does not make the descriptor readable again for a message that nobody has asked for."""
    failures: list[BaseException] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, failure: failures.append(failure["exception"]))
    taken: list[list[bytes]] = []

    def take(parts: list[zmq.Frame]) -> None:
        into(taken)(parts)
        if taken[-1] == [b"1"]:
            raise ZeroDivisionError

    with context.socket(zmq.PULL) as pull, context.socket(zmq.PUSH) as push:
        pull.bind(f"ipc://{tmp_path}/s")
        push.connect(f"ipc://{tmp_path}/s")
        receiver = AsyncReceiver(pull, take)
        for number in range(4):
            push.send(b"%d" % number)
            await until(lambda: taken[-1:] == [[b"%d" % number]])  # noqa: B023  (it is awaited at once)
        receiver.close()

    assert taken == [[b"%d" % number] for number in range(4)]
    assert [type(failure) for failure in failures] == [ZeroDivisionError]


async def test_a_closed_one_hands_over_nothing_more(pull: Socket, push: Socket) -> None:
    taken: list[list[bytes]] = []
    receiver = AsyncReceiver(pull, into(taken))
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
        receiver = AsyncReceiver(dealer, into(taken))

        dealer.send(b"question")
        routing, question = router.recv_multipart()
        router.send_multipart([routing, b"answer"])
        dealer.send(question)
        receiver.drain()
        receiver.close()

    assert taken == [[b"answer"]]


async def test_what_there_is_no_room_for_stays_in_the_socket(pull: Socket, push: Socket) -> None:
    taken: list[list[bytes]] = []
    room = 1
    receiver = AsyncReceiver(pull, into(taken), lambda: len(taken) < room)
    for number in range(3):
        push.send(b"%d" % number)

    receiver.make_room()
    assert taken == [], "nothing was left yet"
    await until(lambda: taken)
    await asyncio.sleep(0.05)
    assert taken == [[b"0"]]
    room = 3
    receiver.make_room()
    assert taken == [[b"0"], [b"1"], [b"2"]]
    push.send(b"3")
    receiver.make_room()
    assert len(taken) == 3, "nothing was left"
    receiver.close()

    assert pull.recv() == b"3"


@pytest.mark.medium
@pytest.mark.parametrize("beyond", ["message", "garbage"])
async def test_a_connection_that_libzmq_gives_up_is_made_again(
    beyond: str, free_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Only the loop is there to notice: no message comes, and nothing is sent."""
    endpoint, taken = f"tcp://127.0.0.1:{free_port}", list[list[bytes]]()
    context: zmq.Context[Socket] = zmq.Context()
    publisher = context.socket(zmq.XPUB)
    publisher.linger = 0
    if beyond == "garbage":
        violated = asyncio.Event()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            # The greeting of ZMTP 3 with mechanism NULL, and then a command longer than any.
            writer.write(b"\xff" + bytes(8) + b"\x7f\x03\x00NULL".ljust(55, b"\0") + b"\x06" + b"\xff" * 64)
            await reader.read()
            writer.close()
            violated.set()

        server = await asyncio.start_server(talk, "127.0.0.1", free_port)
        socket = sockets.subscriber(context, endpoint, b"live/front\n")
        receiver = AsyncReceiver(socket, into(taken))
        async with asyncio.timeout(DEADLINE_SECONDS):
            await violated.wait()
        server.close()
        await server.wait_closed()
        publisher.bind(endpoint)
    else:
        publisher.bind(endpoint)
        socket = sockets.subscriber(context, endpoint, b"live/front\n")
        receiver = AsyncReceiver(socket, into(taken))
        await until(lambda: publisher.poll(0))
        publisher.recv()
        publisher.send(b"live/front\n" + bytes(sockets.SUBSCRIBER_MAX_BYTES + 1))
    await until(lambda: socket.violations == 1)

    def heard() -> bool:
        if publisher.poll(0):
            publisher.recv()
        publisher.send(b"live/front\nagain")
        return bool(taken)

    await until(heard)
    assert taken[0] == [b"live/front\nagain"]
    socket.check()
    assert caplog.messages == [
        "1 ZeroMQ connections that ended because of a message over the limit, or of bytes that are not ZeroMQ's "
        f"(1 in all): {endpoint}"
    ]
    receiver.close()
    context.destroy(linger=0)


async def test_closing_ends_the_wait_for_a_new_connection(free_port: int) -> None:
    """And leaves no descriptor of a closed socket with the loop."""
    context: zmq.Context[Socket] = zmq.Context()
    publisher = context.socket(zmq.XPUB)
    publisher.bind(f"tcp://127.0.0.1:{free_port}")
    socket = sockets.subscriber(context, f"tcp://127.0.0.1:{free_port}", b"")
    receiver = AsyncReceiver(socket, lambda _: None)
    await until(lambda: publisher.poll(0))
    publisher.close(0)
    await until(lambda: socket.disconnects == 1)
    loop = asyncio.get_running_loop()
    assert socket.monitor_socket is not None
    descriptors = [int(socket.FD), int(socket.monitor_socket.FD)]
    assert receiver._timer is not None

    receiver.close()

    assert receiver._timer.cancelled()
    assert [loop.remove_reader(descriptor) for descriptor in descriptors] == [False, False]
    socket.check()
    receiver.drain()
    assert receiver._timer.cancelled(), "a closed one waits for nothing"
    context.destroy(linger=0)
