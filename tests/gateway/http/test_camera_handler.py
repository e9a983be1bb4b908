"""The stream and the still that several paths answer with."""

import asyncio
import json
from contextlib import ExitStack

import pytest
from tornado.httpclient import HTTPClientError
from tornado.websocket import websocket_connect

from gateway.http.camera_handler import LARGE_BYTES
from gateway.http.services import Services
from gateway.net.rate_limit import MAX_CONCURRENT_STILLS
from tests.conftest import Configure
from tests.gateway.camera import PublishedCamera, jpeg, padded
from tests.gateway.conftest import Site, camera_is_known, serving
from tests.gateway.still_service import StillService
from tests.gateway.viewers.test_mjpeg import Stream


@pytest.mark.slow
async def test_a_camera_without_a_frame_yet_is_503_with_the_reason(site: Site, camera: PublishedCamera) -> None:
    await camera_is_known(site, camera, state="starting", reason="opening the camera")
    answer = await site.get("/stream", headers={"Accept": "application/json"})
    assert answer.code == 503
    assert answer.headers["Retry-After"] == "1"
    assert json.loads(answer.body) == {
        "error": {"code": "no-frame", "message": "camera front has no picture: opening the camera"}
    }


async def test_an_offline_camera_is_503_at_once(site: Site, camera: PublishedCamera) -> None:
    await camera_is_known(site, camera, state="offline", reason="/dev/video0 is gone")
    answer = await site.get("/stream")
    assert (answer.code, answer.body) == (503, b"503: camera front has no picture: /dev/video0 is gone\n")


async def test_too_many_viewers_are_refused(configure: Configure, camera: PublishedCamera) -> None:
    async with serving(configure(gateway="max_viewers = 1")) as site:
        stream = await Stream.open(site)
        await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
        camera.show(jpeg())
        await stream.head()
        answer = await site.get("/stream")
        assert (answer.code, answer.body) == (
            503,
            b"503: 1 viewers watch already, the most that max_viewers in [gateway] allows\n",
        )
        with pytest.raises(HTTPClientError, match="503") as refused:
            await websocket_connect(f"{site.websocket_url}/camera/front/ws")
        assert refused.value.code == 503
        stream.close()


async def test_many_who_come_at_once_to_a_cold_camera_are_counted_too(
    configure: Configure, camera: PublishedCamera
) -> None:
    async with serving(configure(gateway="max_viewers = 2")) as site:
        streams = [await Stream.open(site) for _ in range(6)]
        await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
        camera.show(jpeg())
        answers = sorted([(await stream.line()).split(b" ")[1] for stream in streams])
        assert answers == [b"200"] * 2 + [b"503"] * 4
        for stream in streams:
            stream.close()


PROXY = 'trusted_proxies = ["127.0.0.1"]\nallow_anonymous = true\n'
OUTSIDE = {"X-Forwarded-For": "203.0.113.7", "Accept": "application/json"}


async def test_more_stills_than_the_rate_allows_are_refused_with_the_pause(configure: Configure) -> None:
    config = configure(gateway=f"{PROXY}stills_per_second = 0.5")
    async with serving(config) as site, StillService(config).answering(jpeg()):
        assert (await site.get("/snapshot", headers=OUTSIDE)).code == 200
        answer = await site.get("/snapshot", headers=OUTSIDE)
        assert (await site.get("/snapshot", headers={"X-Forwarded-For": "203.0.113.8"})).code == 200
    assert (answer.code, answer.headers["Retry-After"]) == (429, "2")
    assert json.loads(answer.body)["error"] == {
        "code": "too-often",
        "message": "more stills were asked for from 203.0.113.7 than stills_per_second allows (0.5 a second)",
    }


@pytest.mark.parametrize("form", ["avi", "mjpg"])
async def test_clips_and_stills_have_one_rate(form: str, configure: Configure) -> None:
    config = configure(gateway=f"{PROXY}stills_per_second = 0.5")
    path = f"/camera/front/clip.{form}"
    async with serving(config) as site, StillService(config).refusing("not-kept", "nothing is kept"):
        assert (await site.get(path, headers=OUTSIDE)).code != 429
        assert (await site.get(path, headers=OUTSIDE)).code == 429
        assert (await site.get("/snapshot", headers=OUTSIDE)).code == 429


async def test_an_address_has_so_many_stills_under_way_and_no_more(configure: Configure) -> None:
    async with serving(configure(gateway=PROXY)) as site:
        services: Services = site.gateway._server.request_callback.wildcard_router.rules[0].target_kwargs["services"]  # type: ignore[union-attr]
        with ExitStack() as others:
            for _ in range(MAX_CONCURRENT_STILLS):
                others.enter_context(services.concurrent_stills.slot("203.0.113.7"))
            answer = await site.get("/snapshot", headers=OUTSIDE)
        async with StillService(site.config).answering(jpeg()):
            assert (await site.get("/snapshot", headers=OUTSIDE)).code == 200
    assert answer.code == 429
    assert json.loads(answer.body)["error"] == {
        "code": "too-often",
        "message": "32 stills for 203.0.113.7 are in progress already",
    }


async def test_the_last_of_a_repeated_parameter_counts(site: Site) -> None:
    async with StillService(site.config).answering(jpeg()) as service:
        await site.get("/snapshot?width=1&width=2")
    assert service.requests == [{"camera": "front", "width": 2}]


async def test_the_timeout_of_the_configuration_holds_unless_the_query_has_one(configure: Configure) -> None:
    config = configure(gateway="snapshot_timeout = 7")
    async with serving(config) as site, StillService(config).answering(jpeg()) as service:
        await site.get("/snapshot")
        await site.get("/snapshot?timeout=3")
    assert [request["timeout"] for request in service.requests] == [7.0, 3.0]


async def test_a_large_still_arrives_complete_with_its_length(site: Site) -> None:
    picture = padded(jpeg(), LARGE_BYTES)
    async with StillService(site.config).answering(picture):
        answer = await site.get("/snapshot")
        head = await site.get("/snapshot", method="HEAD")
    assert answer.body == picture
    assert answer.headers["Content-Length"] == head.headers["Content-Length"] == str(len(picture))
    assert head.body == b""


async def test_an_unknown_camera_is_said_with_those_there_are(site: Site) -> None:
    for path in ("/camera/cellar/stream.mjpg", "/camera/cellar/snapshot.jpg", "/camera/cellar/", "/camera/cellar"):
        answer = await site.get(path)
        assert (answer.code, answer.body) == (404, b"404: there is no camera cellar; there is front\n")
