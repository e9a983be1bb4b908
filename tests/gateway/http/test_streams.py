"""/camera/NAME/stream.mjpg and its aliases."""

import asyncio
import json
import time
from collections import Counter
from itertools import pairwise

import pytest
from tornado.httpclient import HTTPClientError
from tornado.websocket import websocket_connect

from framebus.config.load import Config
from framebus.protocol.wire import Kind, RenditionCounts
from gateway.delivery.mjpeg import BOUNDARY_LINE, STREAM_HEAD
from tests.conftest import Configure
from tests.gateway.camera import PublishedCamera, jpeg, padded
from tests.gateway.conftest import Site, camera_is_known, hang_up, serving
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


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_head_of_a_stream_is_that_of_a_get_without_a_length_and_ends_the_connection(
    site: Site, camera: PublishedCamera, version: str
) -> None:
    stream = await Stream.open(site, "/stream", "HEAD", version)
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    camera.show(jpeg())
    head, _, rest = (await stream.rest()).partition(b"\r\n\r\n")
    stream.close()
    assert head + b"\r\n\r\n" + BOUNDARY_LINE == STREAM_HEAD
    assert rest == b""


WITH_RENDITIONS = {
    "width": 1280,
    "height": 720,
    "renditions": {"half": RenditionCounts(made=5), "quarter": RenditionCounts(made=0)},
}


@pytest.mark.parametrize(
    ("query", "kind"),
    [("width=640", "half"), ("width=320.0&fps=30", "quarter"), ("width=641", "live"), ("width=", "live")],
)
@pytest.mark.parametrize("path", ["/camera/front/stream.mjpg?", "/stream?", "/?action=stream&", "/camera/front/ws?"])
async def test_a_width_gets_the_smallest_size_that_suffices(
    path: str, query: str, kind: Kind, site: Site, camera: PublishedCamera
) -> None:
    await camera_is_known(site, camera, **WITH_RENDITIONS)
    picture = jpeg(size=(64, 36))
    if "/ws" in path:
        connection = await websocket_connect(site.websocket_url + path + query)
    else:
        stream = await Stream.open(site, path + query)
    await asyncio.to_thread(camera.wait_for_subscription, f"\x01{kind}/front\n".encode())
    camera.show(picture, kind)
    if "/ws" in path:
        assert await connection.read_message() == picture
        await hang_up(connection)
    else:
        await stream.head()
        assert (await stream.part())[0] == picture
        stream.close()


async def test_before_the_first_frame_its_size_is_waited_for(site: Site, camera: PublishedCamera) -> None:
    """So that the stream has one size from its beginning."""
    await camera_is_known(site, camera, **{**WITH_RENDITIONS, "width": 0, "height": 0})
    stream = await Stream.open(site, "/stream?width=320")
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    camera.show(jpeg(size=(1280, 720)), width=1280, height=720)
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01quarter/front\n")
    picture = jpeg(size=(320, 180))
    camera.show(picture, "quarter", width=320, height=180)
    await stream.head()
    assert (await stream.part())[0] == picture
    stream.close()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("width=abc", "width: found 'abc'; allowed: pixels, a number from 1 to 65535"),
        ("width=0", "width: found '0'; allowed: pixels, a number from 1 to 65535"),
        ("width=nan", "width: found 'nan'; allowed: pixels, a number from 1 to 65535"),
        ("fps=0", "fps: found '0'; allowed: frames a second, a number from 0.001 to 240"),
        ("fps=-5", "fps: found '-5'; allowed: frames a second, a number from 0.001 to 240"),
        ("fps=inf", "fps: found 'inf'; allowed: frames a second, a number from 0.001 to 240"),
    ],
)
async def test_what_is_no_size_or_rate_is_refused(query: str, message: str, site: Site) -> None:
    for path in ("/stream?", "/?action=stream&", "/camera/front/stream.mjpg?"):
        answer = await site.get(path + query)
        assert (answer.code, answer.body.decode()) == (400, f"400: {message}\n")
    with pytest.raises(HTTPClientError) as refused:
        await websocket_connect(site.websocket_url + "/camera/front/ws?" + query)
    assert refused.value.code == 400


@pytest.mark.slow
async def test_a_rate_is_a_ceiling_and_each_picture_is_drawn_at_once(site: Site, camera: PublishedCamera) -> None:
    """A browser may draw a picture only when the next part begins: a slow viewer gets each picture twice."""
    await camera_is_known(site, camera)
    stream = await Stream.open(site, "/stream?fps=2")
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    pictures, begun = [], []
    for number in range(60):
        pictures.append(padded(jpeg(), number))
        begun.append(time.monotonic())
        camera.show(pictures[-1])
        await asyncio.sleep(0.05)
    await stream.head()
    parts = 2 * round(2 * (time.monotonic() - begun[0]))
    shown = [pictures.index((await stream.part())[0]) for _ in range(parts)]
    *times, _ = Counter(shown).items()  # the last one is repeated while no other comes
    assert times[0] == (0, 2)
    assert max(often for _, often in times) == 2
    assert sum(often == 2 for _, often in times) > len(times) / 2  # on a busy machine the next one may be due already
    assert all(begun[after] - begun[before] > 0.25 for before, after in pairwise(dict(times)))
    stream.close()


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_stream_has_no_other_method(method: str, site: Site) -> None:
    answer = await site.get("/stream", method=method, allow_nonstandard_methods=True)
    assert (answer.code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert BOUNDARY_LINE not in answer.body
