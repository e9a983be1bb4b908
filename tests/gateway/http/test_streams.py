"""/camera/NAME/stream.mjpg and its aliases."""

import asyncio
import json

import pytest

from framebus.config.load import Config
from gateway.delivery.mjpeg import BOUNDARY_LINE
from tests.conftest import Configure
from tests.gateway.camera import PublishedCamera, jpeg
from tests.gateway.conftest import Site, serving
from tests.gateway.viewers.test_mjpeg import Stream

STREAMS = [
    "/camera/front/stream.mjpg",
    "/stream",
    "/stream.mjpg",
    "/live.jpg",
    "/?action=stream",
    "/?action=stream&ignored.mjpg",
    "/stream?cacheBust=1234&advance_headers=1",
]


@pytest.mark.parametrize("path", STREAMS)
async def test_every_stream_path_streams(site: Site, camera: PublishedCamera, path: str) -> None:
    stream = await Stream.open(site, path)
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    camera.show(jpeg())
    await stream.head()
    assert (await stream.part())[0] == jpeg()
    stream.close()


async def test_the_aliases_serve_the_first_camera_of_the_configuration(configure: Configure) -> None:
    config: Config = configure('[camera.yard]\nsource = "testcard"\n[camera.front]\nsource = "testcard"\n')
    yard = PublishedCamera(config, "yard")
    async with serving(config) as site:
        stream = await Stream.open(site, "/stream")
        await asyncio.to_thread(yard.wait_for_subscription, b"\x01live/yard\n")
        stream.close()
        cameras = json.loads((await site.get("/api/cameras")).body)["cameras"]
        assert [entry["name"] for entry in cameras] == ["yard", "front"]
    yard.close()


async def test_head_of_a_stream_gives_the_headers_alone(site: Site, camera: PublishedCamera) -> None:
    asking = asyncio.create_task(site.get("/stream", method="HEAD"))
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    camera.show(jpeg())
    answer = await asking
    assert (answer.code, answer.body) == (200, b"")
    assert answer.headers["Content-Type"] == "multipart/x-mixed-replace;boundary=boundarydonotcross"
    assert not site.gateway._cameras.viewers


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_stream_has_no_other_method(method: str, site: Site) -> None:
    answer = await site.get("/stream", method=method, allow_nonstandard_methods=True)
    assert (answer.code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert BOUNDARY_LINE not in answer.body
