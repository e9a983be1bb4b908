"""/readyz, and the figures of /metrics that watch over the delivery."""

import asyncio
import json
import re
import time
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.gateway.camera import PublishedCamera, jpeg, padded
from tests.gateway.conftest import Site, until
from tests.gateway.viewers.test_mjpeg import Stream


async def ready(site: Site, camera: PublishedCamera, state: str, reason: str = "", **changes: Any) -> tuple[int, Any]:
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
    state: str, reason: str, age: float, why: str, site: Site, camera: PublishedCamera
) -> None:
    code, found = await ready(site, camera, state, reason, captured=time.time() - age, monotonic=time.monotonic() - age)
    said = re.sub(
        r"is 2\d s old", "is 20 s old", found["not_ready"]["front"]
    )  # on a busy machine it gets older meanwhile
    assert (code, found["ready"], said) == (503, False, why)


async def test_before_anything_is_known_it_is_not_ready(site: Site) -> None:
    answer = await site.get("/readyz")
    assert (answer.code, json.loads(answer.body)["not_ready"]) == (503, {"front": "starting: not heard of yet"})


async def metrics(site: Site) -> dict[tuple[str, ...], float]:
    """Every sample, by its name and the values of its labels."""
    text = (await site.get("/metrics")).body.decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_what_is_delivered_is_counted_with_its_age(site: Site, camera: PublishedCamera) -> None:
    stream = await Stream.open(site)
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    camera.show(jpeg(), monotonic=time.monotonic() - 0.3)
    await stream.head()
    await stream.part()
    found = await metrics(site)
    assert found["framebus_viewers",] == 1
    assert found["framebus_viewers_limit",] == 1000
    assert found["framebus_camera_frames_sent_total", "front"] == 1
    assert found["framebus_camera_sent_bytes_total", "front"] > len(jpeg())
    assert found["framebus_camera_sent_age_seconds_bucket", "front", "0.25"] == 0
    assert found["framebus_camera_sent_age_seconds_bucket", "front", "+Inf"] == 1
    assert found["framebus_camera_sent_age_seconds_count", "front"] == 1
    assert 0.3 <= found["framebus_camera_sent_age_seconds_sum", "front"] < 60
    stream.close()


async def test_what_a_slow_viewer_does_not_get_is_counted(site: Site, camera: PublishedCamera) -> None:
    stream = await Stream.open(site)
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    large = padded(jpeg(), 20_000_000)  # more than a socket's buffers hold
    for _ in range(3):
        camera.show(large)
        before = site.gateway._cameras.first.stats.received
        await until(lambda: site.gateway._cameras.first.stats.received > before)  # noqa: B023
    found = await metrics(site)
    assert found["framebus_camera_frames_skipped_total", "front", "line"] == 2
    assert found["framebus_camera_frames_skipped_total", "front", "page"] == 0
    stream.close()


async def test_each_run_of_capture_is_counted(site: Site, camera: PublishedCamera) -> None:
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01status/front\n")
    for epoch in ("e1", "e1", "e2"):
        camera.say(epoch=epoch)
        await until(lambda: site.gateway._cameras.first.status.epoch == epoch)  # noqa: B023
    assert (await metrics(site))["framebus_camera_runs_total", "front"] == 2


async def test_the_limits_are_told(site: Site, camera: PublishedCamera) -> None:
    found = await metrics(site)
    assert found["framebus_limit", "gateway.max_viewers"] == 1000
    assert found["framebus_limit", "snapshot.history_mb"] == 64
    assert found["framebus_limit", "camera.front.max_frame_mb"] == 31
    assert found["framebus_connections",] >= 1
    assert found["framebus_refused_total", "malformed requests"] == 0
