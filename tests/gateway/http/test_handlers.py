import asyncio
import json
from typing import Any

import pytest

from framebus.config.load import Config
from gateway.http.static_files import PAGE
from tests.conftest import Configure
from tests.gateway.camera import PublishedCamera, jpeg
from tests.gateway.conftest import Site, serving, until
from tests.gateway.still_service import StillService
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
STILLS = [
    "/camera/front/snapshot.jpg",
    "/snapshot",
    "/snapshot.jpg",
    "/static.jpg",
    "/pi.jpg",
    "/?action=snapshot",
    "/?action=snapshot&bypassCache=99",
    "/snapshot?max_delay=0&x",
]


async def camera_is_known(site: Site, camera: PublishedCamera, **status: Any) -> None:
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01status/front\n")
    camera.say(**status)
    await until(lambda: site.gateway._cameras.first.status.pid == 1)


@pytest.mark.parametrize("path", STREAMS)
async def test_every_stream_path_streams(site: Site, camera: PublishedCamera, path: str) -> None:
    stream = await Stream.open(site, path)
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    camera.show(jpeg())
    await stream.head()
    assert (await stream.part())[0] == jpeg()
    stream.close()


@pytest.mark.parametrize("path", STILLS)
async def test_every_still_path_gives_the_still(site: Site, path: str) -> None:
    async with StillService(site.config).answering(jpeg("green")) as service:
        answer = await site.get(path)
    assert (answer.code, answer.body) == (200, jpeg("green"))
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Length"] == str(len(jpeg("green")))
    assert answer.headers["X-Timestamp"] == f"{service.captured:.6f}"
    assert "no-store" in answer.headers["Cache-Control"]
    assert service.requests == [{"camera": "front"}]


async def test_head_gives_the_headers_alone(site: Site, camera: PublishedCamera) -> None:
    async with StillService(site.config).answering(jpeg()):
        answer = await site.get("/snapshot", method="HEAD")
    assert (answer.code, answer.body, answer.headers["Content-Type"]) == (200, b"", "image/jpeg")
    asking = asyncio.create_task(site.get("/stream", method="HEAD"))
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    camera.show(jpeg())
    answer = await asking
    assert answer.code == 200
    assert answer.headers["Content-Type"] == "multipart/x-mixed-replace;boundary=boundarydonotcross"


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


@pytest.mark.parametrize("code", ["no-frame", "stale"])
async def test_a_still_that_the_service_has_not_is_503_with_its_reason(site: Site, code: str) -> None:
    async with StillService(site.config).refusing(code, "why"):
        answer = await site.get("/snapshot", headers={"Accept": "application/json"})
    assert answer.code == 503
    assert json.loads(answer.body) == {"error": {"code": code, "message": "why"}}


async def test_a_service_that_does_not_answer_is_504(configure: Configure) -> None:
    async with serving(configure(gateway="snapshot_timeout = 0.1")) as site:
        answer = await site.get("/snapshot")
    assert (answer.code, answer.body) == (504, b"504: the snapshot service did not answer within 0.6 s\n")


async def test_a_service_that_talks_nonsense_is_503(site: Site) -> None:
    async with StillService(site.config).saying(b"nonsense"):
        answer = await site.get("/snapshot")
    assert (answer.code, answer.body) == (
        503,
        b"503: the snapshot service sent a malformed reply: message with 0 line ends, expected 2 or more: 'nonsense'\n",
    )


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
        answer = await site.get("/camera/front/ws")
        assert answer.code == 503
        stream.close()


async def test_the_page_is_served_with_its_base(site: Site) -> None:
    front = await site.get("/")
    assert front.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b'<base href="./">' in front.body
    one = await site.get("/camera/front/")
    assert b'<base href="../../">' in one.body
    assert (await site.get("/?action=")).body == front.body


async def test_the_page_of_a_camera_is_found_without_the_slash(site: Site) -> None:
    answer = await site.get("/camera/front")
    assert (answer.code, answer.headers["Location"]) == (302, "front/")


async def test_every_file_of_the_page_is_served_as_what_it_is(site: Site) -> None:
    kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    files = [file for file in PAGE.iterdir() if file.suffix in kinds]
    assert files
    for file in files:
        answer = await site.get(f"/page/{file.name}")
        assert answer.code == 200
        assert answer.body == file.read_bytes()
        assert answer.headers["Content-Type"].startswith(kinds[file.suffix])
        assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/page/../server.py",
        "/page/%2e%2e/server.py",
        "/page//etc/passwd",
        "/page/no",
        "/page/login.html",
        "/page/",
        "/page/%00",
    ],
)
async def test_nothing_else_is(site: Site, path: str) -> None:
    assert (await site.get(path)).code == 404


async def test_the_api_tells_every_camera(site: Site, camera: PublishedCamera) -> None:
    await camera_is_known(site, camera, state="live")
    answer = await site.get("/api/cameras")
    (entry,) = json.loads(answer.body)["cameras"]
    assert entry["since"] > 0
    assert {key: entry[key] for key in ("name", "state", "reason", "fps", "viewers", "width", "height", "urls")} == {
        "name": "front",
        "state": "live",
        "reason": "",
        "fps": 30.0,
        "viewers": 0,
        "width": 64,
        "height": 48,
        "urls": {
            "page": "/camera/front/",
            "stream": "/camera/front/stream.mjpg",
            "snapshot": "/camera/front/snapshot.jpg",
            "websocket": "/camera/front/ws",
            "controls": "/api/cameras/front/controls",
        },
    }


async def test_the_state_has_ustreamers_shape(site: Site, camera: PublishedCamera) -> None:
    await camera_is_known(site, camera, state="live")
    assert json.loads((await site.get("/state")).body) == {
        "ok": True,
        "result": {
            "instance_id": "",
            "encoder": {"type": "CPU", "quality": 80},
            "source": {
                "resolution": {"width": 64, "height": 48},
                "online": True,
                "desired_fps": 30,
                "captured_fps": 30,
            },
            "stream": {"queued_fps": 30, "clients": 0, "clients_stat": {}},
        },
    }


async def test_health_is_this_processs_own(site: Site) -> None:
    answer = await site.get("/healthz")
    assert (answer.code, json.loads(answer.body)) == (200, {"ok": True})


async def test_metrics_are_for_prometheus(site: Site, camera: PublishedCamera) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    await camera_is_known(site, camera, state="live")
    answer = await site.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    samples = {
        (sample.name, sample.labels.get("camera", "")): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }
    assert samples["framebus_camera_up", "front"] == 1
    assert samples["framebus_camera_fps", "front"] == 30
    assert samples["framebus_camera_frames_dropped_total", "front"] == 3
    assert samples["framebus_camera_frames_bad_total", "front"] == 4


async def test_the_aliases_mean_the_first_camera(configure: Configure) -> None:
    config: Config = configure('[camera.yard]\nsource = "testcard"\n[camera.front]\nsource = "testcard"\n')
    yard = PublishedCamera(config, "yard")
    async with serving(config) as site:
        stream = await Stream.open(site, "/stream")
        await asyncio.to_thread(yard.wait_for_subscription, b"\x01live/yard\n")
        stream.close()
        cameras = json.loads((await site.get("/api/cameras")).body)["cameras"]
        assert [entry["name"] for entry in cameras] == ["yard", "front"]
    yard.close()


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
