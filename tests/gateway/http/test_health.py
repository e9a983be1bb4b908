"""/healthz, /readyz and /metrics over HTTP."""

import asyncio
import json
import re
import time
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from framebus.protocol.wire import State
from tests.conftest import Configure
from tests.gateway.access.accounts_site import TWO, add, token
from tests.gateway.camera import PublishedCamera
from tests.gateway.conftest import Site, camera_is_known, serving, until


async def test_health_is_this_processs_own(site: Site) -> None:
    answer = await site.get("/healthz")
    assert (answer.code, json.loads(answer.body)) == (200, {"ok": True})


async def test_metrics_are_for_prometheus(site: Site, camera: PublishedCamera) -> None:
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


async def ready(site: Site, camera: PublishedCamera, state: State, reason: str = "", **changes: Any) -> tuple[int, Any]:
    """What /readyz says once the gateway knows this of the camera."""
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01status/front\n")
    camera.say(state, reason, **changes)
    await until(
        lambda: (site.gateway._cameras.first.status.state, site.gateway._cameras.first.status.reason) == (state, reason)
    )
    answer = await site.get("/readyz")
    return answer.code, json.loads(answer.body)


async def test_a_camera_with_a_fresh_picture_is_ready(site: Site, camera: PublishedCamera) -> None:
    found = await ready(site, camera, "live", captured=time.time(), monotonic=time.monotonic())
    assert found == (200, {"ready": True, "not_ready": {}})


async def test_an_idle_camera_has_its_pause(site: Site, camera: PublishedCamera) -> None:
    found = await ready(site, camera, "idle", "1 fps", captured=time.time() - 6, monotonic=time.monotonic() - 6)
    assert found == (200, {"ready": True, "not_ready": {}})


@pytest.mark.parametrize(
    ("state", "reason", "age", "why"),
    [
        ("offline", "unplugged", 1, "offline: unplugged"),
        ("starting", "opening the camera", 0, "starting: opening the camera"),
        ("live", "", 20, "its newest picture is 20 s old, allowed: 6"),
        ("idle", "1 fps", 20, "its newest picture is 20 s old, allowed: 7"),
    ],
)
async def test_a_camera_that_is_not_ready_is_named_with_the_reason(
    state: State, reason: str, age: float, why: str, site: Site, camera: PublishedCamera
) -> None:
    code, found = await ready(site, camera, state, reason, captured=time.time() - age, monotonic=time.monotonic() - age)
    said = re.sub(
        r"is 2\d s old", "is 20 s old", found["not_ready"]["front"]
    )  # on a busy machine it gets older meanwhile
    assert (code, found["ready"], said) == (503, False, why)


async def test_before_anything_is_known_it_is_not_ready(site: Site) -> None:
    answer = await site.get("/readyz")
    assert (answer.code, json.loads(answer.body)["not_ready"]) == (503, {"front": "starting: no status received yet"})


async def test_a_camera_that_is_closed_while_idle_is_ready(configure: Configure) -> None:
    config = configure('[camera.front]\nsource = "testcard"\nidle_fps = 0\n')
    camera = PublishedCamera(config)
    async with serving(config) as site:
        answer = await ready(
            site, camera, "idle", "closed", captured=time.time() - 900, monotonic=time.monotonic() - 900
        )
    camera.close()
    assert answer == (200, {"ready": True, "not_ready": {}})


async def test_one_camera_that_is_not_ready_is_enough(configure: Configure) -> None:
    config = configure(TWO)
    camera = PublishedCamera(config)
    async with serving(config) as site:
        code, answer = await ready(site, camera, "live", captured=time.time(), monotonic=time.monotonic())
    camera.close()
    assert (code, answer) == (503, {"ready": False, "not_ready": {"back": "starting: no status received yet"}})


async def test_readiness_is_not_cached_and_head_tells_it(site: Site) -> None:
    answer = await site.get("/readyz", method="HEAD")
    assert (answer.code, answer.body, answer.headers["Cache-Control"]) == (503, b"", "no-store")


async def test_a_client_that_may_see_some_cameras_gets_no_metrics(configure: Configure) -> None:
    config = configure(TWO)
    add(config, tokens={"some": token("some", "admin", cameras=("front", "back")), "all": token("all", "admin")})
    async with serving(config) as site:
        answer = await site.get("/metrics?token=some")
        assert (await site.get("/metrics?token=all")).code == 200
    assert (answer.code, answer.body) == (403, b"403: the metrics cover all cameras, and you may see only some\n")
