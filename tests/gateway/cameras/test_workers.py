"""Two workers on one port, in the test's own loop: each knows the sum, and what another says can do no harm."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Protocol

import pytest
import zmq
from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketClientConnection, websocket_connect

from framebus.config.load import Config
from framebus.protocol.viewers import CameraStats, ViewersHeader, Watching
from framebus.protocol.wire import pack
from framebus.runtime.run_dir import viewers_endpoint
from gateway.cameras.workers import Workers
from tests.conftest import Configure
from tests.gateway.conftest import Site, hang_up, serving, until

NEVER_SECONDS = 1000.0
REQUESTS = 12
"""So many, each on a connection of its own, are hardly ever all dealt to the same of two workers."""
MOST_CONNECTIONS = 60

Context = zmq.Context[zmq.Socket[bytes]]


def stats(viewers: int, pid: int = 1, camera: str = "front") -> ViewersHeader:
    """What a worker with so many viewers says."""
    camera_figures = CameraStats(viewers=viewers, received=10, missed=1, sent=20)
    return ViewersHeader(v=1, pid=pid, viewers=viewers, cameras={camera: camera_figures})


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure(gateway="workers = 2")


@pytest.fixture
def context() -> Iterator[Context]:
    made: Context = zmq.Context()
    yield made
    made.destroy(linger=0)


async def counts(workers: Workers, viewers: int) -> None:
    """Wait until it says so, of the camera and in all."""
    await until(lambda: workers.viewers_of("front") == workers.viewers() == viewers)


class Own:
    """A worker's own viewers."""

    def __init__(self, stats: Callable[[], ViewersHeader]) -> None:
        self.own_stats = stats

    def own_viewers(self) -> int:
        return self.own_stats().viewers

    def own_viewers_of(self, camera: str) -> int:
        stats = self.own_stats().cameras.get(camera)
        return stats.viewers if stats else 0

    def own_watching(self) -> list[Watching]:
        return self.own_stats().watching


def endpoints_of(config: Config) -> list[str]:
    return [viewers_endpoint(config.run_dir, number) for number in range(config.gateway.workers)]


class Make(Protocol):
    """Makes a worker's view of the workers."""

    def __call__(self, number: int, own: Callable[[], ViewersHeader], **seconds: float) -> Workers:
        """`seconds` are the times of Workers."""


@pytest.fixture
async def make(config: Config, context: Context) -> AsyncIterator[Make]:
    """A worker's view of the workers, closed at the end of the test."""
    made: list[Workers] = []

    def workers(number: int, own: Callable[[], ViewersHeader], **seconds: float) -> Workers:
        made.append(Workers(number, endpoints_of(config), context, Own(own), **seconds))
        return made[-1]

    yield workers
    for each in made:
        each.close()


# What they say to each other


async def test_each_knows_what_both_have(make: Make) -> None:
    first, second = make(0, lambda: stats(2)), make(1, lambda: stats(3))

    for each in (first, second):
        await counts(each, 5)
        assert {number: header.viewers for number, header in each.all_stats().items()} == {0: 2, 1: 3}


async def test_a_worker_with_another_camera_adds_nothing_to_this_one(make: Make) -> None:
    first = make(0, lambda: stats(2))
    make(1, lambda: stats(3, camera="back"))

    await until(lambda: first.viewers() == 5)
    assert (first.viewers_of("front"), first.viewers_of("back"), first.viewers_of("none")) == (2, 3, 0)


@pytest.mark.slow
async def test_a_change_is_told_soon_and_many_at_once_are_told_once(make: Make) -> None:
    never = {"interval_seconds": NEVER_SECONDS, "timeout_seconds": NEVER_SECONDS}
    counted = Counter[str]()

    def own() -> ViewersHeader:
        counted["asked"] += 1
        return stats(counted["viewers"])

    first, second = make(0, lambda: stats(0), **never), make(1, own, **never)
    await until(lambda: 1 in first.all_stats())  # told as soon as it had subscribed
    counted.clear()
    for _ in range(99):
        counted["viewers"] += 1
        second.changed()
    await until(lambda: first.viewers_of("front") == 99)
    assert counted["asked"] == 1


async def test_an_error_while_the_viewers_are_counted_does_not_end_it(make: Make) -> None:
    failures: list[BaseException] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, failure: failures.append(failure["exception"]))

    def own() -> ViewersHeader:
        if not failures:
            raise ZeroDivisionError
        return stats(3)

    first = make(0, lambda: stats(0), interval_seconds=0.01)
    make(1, own, interval_seconds=0.01)
    await until(lambda: first.viewers() == 3)
    assert {type(failure) for failure in failures} == {ZeroDivisionError}


async def test_without_a_change_it_is_told_again_and_again(make: Make) -> None:
    now = 1
    first = make(0, lambda: stats(0), interval_seconds=0.01)
    make(1, lambda: stats(now), interval_seconds=0.01)
    for now in range(2, 5):
        await counts(first, now)


@pytest.mark.slow
async def test_a_worker_that_is_silent_counts_nothing(make: Make) -> None:
    first = make(0, lambda: stats(2), timeout_seconds=1.5)
    second = make(1, lambda: stats(3), interval_seconds=0.1)
    await counts(first, 5)
    second.close()
    await counts(first, 2)
    assert list(first.all_stats()) == [0]


@pytest.mark.slow
async def test_a_worker_that_comes_back_is_counted_again(make: Make) -> None:
    first, second = make(0, lambda: stats(2)), make(1, lambda: stats(3))
    await counts(first, 5)
    second.close()
    again = make(1, lambda: stats(1, pid=2))
    await counts(first, 3)
    await counts(again, 3)


async def test_what_is_malformed_is_counted_and_dropped(
    make: Make, config: Config, context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    with context.socket(zmq.XPUB) as other:
        other.bind(viewers_endpoint(config.run_dir, 1))
        first = make(0, lambda: stats(2))
        assert await asyncio.to_thread(other.recv) == b"\x01viewers/gateway-1\n"
        for header in (b"nonsense", b'{"v":1}', b'{"v":1,"pid":1,"viewers":-1,"cameras":{}}', b"[" * 100_000):
            other.send(b"viewers/gateway-1\n" + header + b"\n")
            await until(lambda: "malformed messages dropped" in caplog.text)
            caplog.clear()
            first._losses._said_at = float("-inf")
        assert first.viewers() == 2
        other.send(pack("viewers", "gateway-1", stats(3)))
        await counts(first, 5)


async def test_one_worker_alone_has_no_socket(configure: Configure, context: Context) -> None:
    config = configure()
    workers = Workers(0, endpoints_of(config), context, Own(lambda: stats(2)))
    workers.changed()
    assert (workers.viewers(), workers.viewers_of("front"), list(workers.all_stats())) == (2, 2, [0])
    assert list(config.run_dir.glob("gateway*")) == []
    workers.close()


# What clients see of it


@pytest.fixture
async def sites(config: Config) -> AsyncIterator[tuple[Site, Site]]:
    async with serving(config, 0) as first, serving(config, 1) as second:
        yield first, second


@pytest.fixture
async def connections() -> AsyncIterator[list[WebSocketClientConnection]]:
    opened: list[WebSocketClientConnection] = []
    yield opened
    for connection in opened:
        await hang_up(connection)


def own_viewers(site: Site) -> int:
    return site.gateway._cameras.first.viewers


async def watch_through_both(sites: tuple[Site, Site], connections: list[WebSocketClientConnection]) -> int:
    """Open viewers of camera front until each worker has one; returns how many there are."""
    while not all(own_viewers(site) for site in sites):
        assert len(connections) < MOST_CONNECTIONS, "one worker gets no connections"
        connections.append(await websocket_connect(sites[0].websocket_url + "/camera/front/ws"))
        await until(lambda: sum(map(own_viewers, sites)) == len(connections))
    for site in sites:
        await counts(site.gateway._cameras.workers, len(connections))
    return len(connections)


@pytest.mark.slow
async def test_whichever_answers_says_the_sum(
    sites: tuple[Site, Site], connections: list[WebSocketClientConnection]
) -> None:
    viewers = await watch_through_both(sites, connections)
    for _ in range(REQUESTS):
        assert json.loads((await sites[0].get("/api/cameras")).body)["cameras"][0]["viewers"] == viewers
        assert json.loads((await sites[0].get("/state")).body)["result"]["stream"]["clients"] == viewers
        metrics = (await sites[0].get("/metrics")).body.decode()
        assert f'framebus_camera_viewers{{camera="front"}} {viewers:.1f}\n' in metrics
        for worker in (0, 1):
            assert f'framebus_camera_frames_sent_total{{camera="front",worker="{worker}"}} 0.0\n' in metrics
        assert metrics.count('framebus_camera_frames_published_total{camera="front"}') == 1

    for connection in connections:
        await hang_up(connection)
    for site in sites:
        await counts(site.gateway._cameras.workers, 0)


@pytest.mark.slow
async def test_a_page_that_begins_to_watch_a_camera_or_ends_is_told_of_soon(
    config: Config, connections: list[WebSocketClientConnection]
) -> None:
    async with serving(config, 0) as first, serving(config, 1) as second:
        known = [site.gateway._cameras.workers for site in (first, second)]
        for workers in known:
            workers.interval_seconds = workers.timeout_seconds = NEVER_SECONDS
        await until(lambda: all(len(workers.all_stats()) == 2 for workers in known))
        connections.append(await websocket_connect(first.websocket_url + "/ws"))
        await until(lambda: all(workers.viewers() == 1 for workers in known))
        await connections[0].write_message('{"watch":["front"]}')
        await until(lambda: all(workers.viewers_of("front") == 1 for workers in known))
        await connections[0].write_message('{"watch":[]}')
        await until(lambda: all(workers.viewers_of("front") == 0 for workers in known))


async def test_as_many_as_are_allowed_watch_through_all_together(
    configure: Configure, connections: list[WebSocketClientConnection]
) -> None:
    config = configure(gateway="workers = 2\nmax_viewers = 1")
    async with serving(config, 0) as first, serving(config, 1) as second:
        connections.append(await websocket_connect(first.websocket_url + "/camera/front/ws"))
        for site in (first, second):
            await counts(site.gateway._cameras.workers, 1)
            (watching,) = site.gateway._cameras.workers.watching()
            assert (watching.kind, watching.cameras) == ("websocket", ["front"])
        for _ in range(REQUESTS):
            with pytest.raises(HTTPClientError, match="503"):
                await websocket_connect(first.websocket_url + "/camera/front/ws")


async def test_counting_viewers_builds_no_statistics(configure: Configure, context: Context) -> None:
    class Counted:
        """Viewers whose statistics, of all cameras, must not be built to count those of one."""

        def own_viewers(self) -> int:
            return 3

        def own_viewers_of(self, camera: str) -> int:
            return 2

        def own_watching(self) -> list[Watching]:
            raise AssertionError("built")

        def own_stats(self) -> ViewersHeader:
            raise AssertionError("built")

    workers = Workers(0, endpoints_of(configure()), context, Counted())
    assert (workers.viewers(), workers.viewers_of("front")) == (3, 2)
    workers.close()
