"""A gateway in the test's own loop, on a real port, behind it a camera under the test's control."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.websocket import WebSocketClientConnection

from framebus.config.load import Config
from gateway.process import made
from gateway.server import Gateway
from tests.conftest import Configure
from tests.gateway.camera import PublishedCamera

UNTIL_SECONDS = 30
"""For what takes a second on a quiet machine."""
ANSWER_SECONDS = 60.0
"""For an answer that may have to wait for a new process. Tornado's client gives up after 20 seconds by itself."""


class Site:
    """A gateway that serves, seen from a client."""

    def __init__(self, gateway: Gateway, config: Config) -> None:
        self.gateway = gateway
        self.config = config
        self.url = f"http://{config.gateway.listen}"
        self.websocket_url = f"ws://{config.gateway.listen}"

    async def get(self, path: str, **options: Any) -> HTTPResponse:
        """Ask for a path; an error is an answer, too."""
        limits = {"connect_timeout": ANSWER_SECONDS, "request_timeout": ANSWER_SECONDS}
        options = {"raise_error": False, "follow_redirects": False, **limits, **options}
        return await AsyncHTTPClient().fetch(self.url + path, **options)


async def until(true: Callable[[], object]) -> None:
    """Let the loop run until something holds."""
    async with asyncio.timeout(UNTIL_SECONDS):
        while not true():  # noqa: ASYNC110  (what is waited for tells nobody)
            await asyncio.sleep(0.01)


@asynccontextmanager
async def serving(config: Config, worker: int = 0) -> AsyncIterator[Site]:
    """Start and stop a gateway."""
    gateway = made(config, worker)
    gateway.start()
    try:
        yield Site(gateway, config)
    finally:
        await gateway.stop()


@pytest.fixture
def config(configure: Configure) -> Config:
    """One camera, called front."""
    return configure()


@pytest.fixture
def camera(config: Config) -> Iterator[PublishedCamera]:
    """The camera called front."""
    made = PublishedCamera(config)
    yield made
    made.close()


@pytest.fixture
async def site(config: Config) -> AsyncIterator[Site]:
    """A gateway for that camera."""
    async with serving(config) as site:
        yield site


async def hang_up(connection: WebSocketClientConnection) -> None:
    """Close a websocket, and wait until its socket is closed.

    Python warns of an open one later, in another test. Tornado notices the answer to its close only when the messages
    before it are read.
    """
    is_open = connection.protocol is not None and connection.close_code is None
    connection.close()
    async with asyncio.timeout(UNTIL_SECONDS):
        while is_open and await connection.read_message() is not None:
            pass


async def camera_is_known(site: Site, camera: PublishedCamera, **status: Any) -> None:
    """Publish a status of the camera called front, and wait until the gateway has it."""
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01status/front\n")
    camera.say(**status)
    await until(lambda: site.gateway._cameras.first.status.pid == 1)
