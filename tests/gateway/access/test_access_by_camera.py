"""What a token for one camera shows of the others: nothing, on any path."""

import asyncio

import pytest
from tornado.websocket import websocket_connect

from framebus.config.load import Config
from tests.conftest import Configure
from tests.gateway.access.accounts_site import TWO, closed, code, site_with, token
from tests.gateway.camera import PublishedCamera, jpeg
from tests.gateway.conftest import until
from tests.gateway.still_service import StillService
from tests.gateway.viewers.test_mjpeg import Stream


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure(TWO)


BACK = {"b": token("secret", "view", "snapshot", cameras=("back",))}


async def test_a_camera_is_there_for_those_it_is_for(config: Config) -> None:
    async with site_with(config, tokens=BACK) as site:
        answer = await site.get("/api/cameras?token=secret")
        assert b'"name": "back"' in answer.body
        assert b"front" not in answer.body
        assert await code(site, "/camera/front/snapshot.jpg?token=secret") == 403
        assert await code(site, "/camera/nothing/snapshot.jpg?token=secret") == 403
        ready = await site.get("/readyz?token=secret")
        assert b"back" in ready.body
        assert b"front" not in ready.body


@pytest.mark.parametrize("path", ["/snapshot", "/snapshot.jpg", "/?action=snapshot", "/camera/back/snapshot.jpg"])
async def test_the_first_camera_for_a_still_is_the_first_that_it_may_see(path: str, config: Config) -> None:
    async with site_with(config, tokens=BACK) as site, StillService(config).answering(jpeg()) as service:
        assert await code(site, f"{path}{'&' if '?' in path else '?'}token=secret") == 200
    assert [asked["camera"] for asked in service.requests] == ["back"]


@pytest.mark.parametrize("path", ["/stream", "/?action=stream", "/stream.mjpg"])
async def test_the_first_camera_for_a_stream_is_the_first_that_it_may_see(path: str, config: Config) -> None:
    cameras = {name: PublishedCamera(config, name) for name in ("front", "back")}
    async with site_with(config, tokens=BACK) as site:
        stream = await Stream.open(site, f"{path}{'&' if '?' in path else '?'}token=secret")
        await asyncio.to_thread(cameras["back"].wait_for_subscription, b"\x01live/back\n")
        for name, camera in cameras.items():
            camera.show(jpeg("green" if name == "back" else "red"))
        await stream.head()
        assert (await stream.part())[0] == jpeg("green")
        stream.close()
    for camera in cameras.values():
        camera.close()


async def test_a_hidden_camera_is_in_no_websocket(config: Config) -> None:
    """Neither its status, nor its name, nor its frames, whatever the page asks for."""
    cameras = {name: PublishedCamera(config, name) for name in ("front", "back")}
    async with site_with(config, tokens=BACK) as site:
        page = await websocket_connect(f"{site.websocket_url}/ws?token=secret", subprotocols=["framebus.v1"])
        for name, camera in cameras.items():
            await asyncio.to_thread(camera.wait_for_subscription, f"\x01status/{name}\n".encode())
            camera.say("offline", reason=f"{name} is unplugged")
        await until(lambda: all(feed.status.pid == 1 for feed in site.gateway._cameras.feeds.values()))
        await page.write_message('{"watch":["front","back","cellar"]}')
        await page.write_message('{"clock":1}')
        heard: list[str | bytes | None] = []
        async with asyncio.timeout(10):
            while not any("clock" in str(message) for message in heard) or not any(
                b"back is unplugged" in message for message in heard if isinstance(message, bytes)
            ):
                heard.append(await page.read_message())
        everything = b"".join(message if isinstance(message, bytes) else str(message).encode() for message in heard)
        assert b"there is back" in everything
        assert b"status/front" not in everything
        assert b"unplugged" in everything
        assert b"front is" not in everything
        await closed(page)
        assert await code(site, "/camera/front/ws?token=secret", Upgrade="websocket", Connection="Upgrade") == 403
    for camera in cameras.values():
        camera.close()


async def test_an_error_names_no_hidden_camera(config: Config) -> None:
    async with site_with(config, tokens={"t": token("secret", "admin", cameras=("back",))}) as site:
        answer = await site.get("/camera/gone/?token=secret")
        assert b"front" not in answer.body
