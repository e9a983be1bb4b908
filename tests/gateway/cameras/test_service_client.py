"""Requests to a service: limits, deadlines, and replies that belong to no request."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import pytest
import zmq
import zmq.asyncio

from framebus.protocol.controls import ControlsRequest
from framebus.protocol.recorder import RecorderRequest
from framebus.transport.endpoints import Endpoint
from gateway.cameras.controls_client import ControlsClient
from gateway.cameras.recorder_client import RecorderClient
from gateway.cameras.service_client import ServiceClient
from gateway.net.errors import HttpError
from tests.gateway.conftest import until


class Service:
    """A service under the test's control, and a client of it."""

    def __init__(self, endpoint: str, *, commands: bool, is_started: bool = True) -> None:
        self.context = zmq.asyncio.Context()
        self._endpoint = endpoint
        if is_started:
            self.start()
        self._client_context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.client = ServiceClient("the service", endpoint, self._client_context, 3, commands=commands)

    def start(self) -> None:
        self.router = self.context.socket(zmq.ROUTER)
        self.router.linger = 0
        self.router.bind(self._endpoint)

    async def request(self) -> list[bytes]:
        """The next message: the name of the client, the number, an empty part, and what was sent."""
        async with asyncio.timeout(10):
            parts: list[bytes] = await self.router.recv_multipart()
        return parts

    def close(self) -> None:
        self.client.close()
        self._client_context.destroy()
        self.context.destroy()


@pytest.fixture(params=[False, True])
async def service(request: pytest.FixtureRequest, run_dir: Path) -> AsyncIterator[Service]:
    made = Service(f"ipc://{run_dir}/service", commands=request.param)
    yield made
    made.close()


@pytest.fixture
async def stopped(run_dir: Path) -> AsyncIterator[Service]:
    """A service that takes commands and does not run yet."""
    made = Service(f"ipc://{run_dir}/service", commands=True, is_started=False)
    yield made
    made.close()


async def test_replies_find_their_requests_in_any_order(service: Service) -> None:
    asking = [asyncio.create_task(service.client.request(text, 10)) for text in (b"a", b"b")]
    requests = [await service.request() for _ in asking]
    assert service.client.waiting == 2
    for *envelope, text in reversed(requests):
        await service.router.send_multipart([*envelope, b"to " + text])
    assert await asyncio.gather(*asking) == [b"to a", b"to b"]
    assert service.client.waiting == 0


async def test_no_reply_within_the_deadline_is_504(service: Service) -> None:
    with pytest.raises(HttpError) as error:
        await service.client.request(b"a", 0.01)
    assert (error.value.status_code, error.value.code) == (504, "timeout")
    assert error.value.message == "the service did not answer within 0.01 s"
    assert service.client.waiting == 0


async def test_a_late_or_unknown_or_second_reply_disturbs_no_request(service: Service) -> None:
    asking = asyncio.create_task(service.client.request(b"first", 10))
    *envelope, _ = await service.request()
    await service.router.send_multipart([*envelope, b"connected"])
    await asking
    with pytest.raises(HttpError):
        await service.client.request(b"late", 0.01)
    *late, _ = await service.request()
    asking = asyncio.create_task(service.client.request(b"a", 10))
    *envelope, _ = await service.request()
    await service.router.send_multipart([*late, b"too late"])
    await service.router.send_multipart([envelope[0], b"no number", b"", b"stranger"])
    await service.router.send_multipart([envelope[0], b""])
    await service.router.send_multipart([*envelope, b"first"])
    await service.router.send_multipart([*envelope, b"second"])
    assert await asking == b"first"
    asking = asyncio.create_task(service.client.request(b"b", 10))
    *envelope, _ = await service.request()
    await service.router.send_multipart([*envelope, b"next"])
    assert await asking == b"next"


async def test_a_command_whose_deadline_has_passed_is_not_carried_out_later(stopped: Service) -> None:
    """Such as to record: its client was told that there was no answer, and may have forgotten it an hour later."""
    with pytest.raises(HttpError) as error:
        await stopped.client.request(b"late", 0.2)
    assert error.value.message == "the service did not answer within 0.2 s"
    cancelled = asyncio.create_task(stopped.client.request(b"cancelled", 10, cancel=b"cancel"))
    await until(lambda: stopped.client.waiting)
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)

    stopped.start()

    asking = asyncio.create_task(stopped.client.request(b"next", 10))
    assert (await stopped.request())[-1] == b"next"
    asking.cancel()


@pytest.mark.parametrize("kind", ["controls", "recorder"])
async def test_requests_for_controls_and_to_record_are_commands(kind: str, run_dir: Path) -> None:
    endpoint = f"ipc://{run_dir}/service"
    with (
        zmq.Context() as context,
        zmq.asyncio.Context() as service_context,
        service_context.socket(zmq.ROUTER) as router,
    ):
        client: ControlsClient | RecorderClient
        if kind == "controls":
            client = ControlsClient("front", Endpoint(endpoint), context, deadline_seconds=0.2)
            late: Coroutine[Any, Any, object] = client.request(ControlsRequest(set={"late": 1}))
        else:
            client = RecorderClient(endpoint, context)
            late = client.request(RecorderRequest(camera="late", action="start"), 0.2)
        with pytest.raises(HttpError):
            await late

        router.bind(endpoint)

        if isinstance(client, ControlsClient):
            client.deadline_seconds = 10
            asking: asyncio.Task[object] = asyncio.create_task(client.request(ControlsRequest(set={"next": 1})))
        else:
            asking = asyncio.create_task(client.request(RecorderRequest(camera="next", action="start"), 10))
        async with asyncio.timeout(10):
            assert b'"next"' in (await router.recv_multipart())[-1]
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        client.close()


async def test_a_command_waits_for_a_service_that_starts_in_time(stopped: Service) -> None:
    asking = asyncio.create_task(stopped.client.request(b"a", 10))
    await until(lambda: stopped.client.waiting)
    stopped.start()
    *envelope, text = await stopped.request()
    assert text == b"a"
    await stopped.router.send_multipart([*envelope, b"done"])
    assert await asking == b"done"


async def test_more_requests_than_allowed_are_refused_at_once(service: Service) -> None:
    asking = [asyncio.create_task(service.client.request(b"a", 10)) for _ in range(3)]
    await until(lambda: service.client.waiting == 3)
    with pytest.raises(HttpError) as error:
        await service.client.request(b"b", 10)
    assert (error.value.status_code, error.value.code) == (503, "busy")
    assert error.value.message == "3 requests to the service are in progress already"
    for request in asking:
        request.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    assert service.client.waiting == 0


async def test_a_cancelled_request_is_taken_back_under_its_number(service: Service) -> None:
    asking = asyncio.create_task(service.client.request(b"a", 10, cancel=b"cancel a"))
    *envelope, _ = await service.request()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await service.request() == [*envelope, b"cancel a"]


async def test_a_cancelled_request_without_a_message_for_it_sends_nothing(service: Service) -> None:
    asking = asyncio.create_task(service.client.request(b"a", 10))
    await service.request()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    service.client.send(b"next")
    assert (await service.request())[-1] == b"next"


async def test_after_its_end_it_refuses_and_is_silent(service: Service) -> None:
    asking = asyncio.create_task(service.client.request(b"a", 10, cancel=b"cancel a"))
    await service.request()
    service.client.close()
    service.client.send(b"ignored")
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    with pytest.raises(HttpError) as error:
        await service.client.request(b"b", 10)
    assert (error.value.status_code, error.value.code, error.value.message) == (503, "stopping", "the gateway stops")


async def test_two_replies_to_one_request_in_the_same_turn_of_the_loop_are_harmless(service: Service) -> None:
    asking = asyncio.create_task(service.client.request(b"a", 10))
    _, number, *_ = await service.request()
    for reply in (b"first", b"second"):
        service.client._receive([zmq.Frame(part) for part in (number, b"", reply)])
    assert await asking == b"first"


async def test_the_first_message_connects(run_dir: Path) -> None:
    """In a context without room for another socket: only what makes one fails."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    context.set(zmq.MAX_SOCKETS, 1)
    with context.socket(zmq.PAIR):
        client = ServiceClient("the service", f"ipc://{run_dir}/service", context)
        with pytest.raises(zmq.ZMQError, match="Too many open files"):
            await client.request(b"question", 10)
        client.close()
    context.destroy()
