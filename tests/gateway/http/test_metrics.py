"""The figures of /metrics."""

import asyncio
import time

import pytest
import zmq
from prometheus_client.parser import text_string_to_metric_families

from framebus import __version__
from framebus.protocol.wire import RenditionCounts
from gateway.cameras.camera_endpoints import camera_endpoints, worker_endpoints
from gateway.cameras.registry import CameraRegistry
from gateway.http.metrics import CameraCollector
from tests.conftest import Configure
from tests.gateway.camera import PublishedCamera, jpeg, padded
from tests.gateway.conftest import Site, camera_is_known, until
from tests.gateway.viewers.test_mjpeg import Stream


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


async def test_renditions_are_counted_by_their_name(site: Site, camera: PublishedCamera) -> None:
    renditions = {"half": RenditionCounts(made=7, failed=2), "quarter": RenditionCounts(made=0)}
    await camera_is_known(site, camera, width=1280, height=720, renditions=renditions)
    stream = await Stream.open(site, "/stream?width=640")
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01half/front\n")
    camera.show(jpeg(), "half")
    await stream.head()
    await stream.part()
    found = await metrics(site)
    assert found["framebus_rendition_frames_made_total", "front", "half"] == 7
    assert found["framebus_rendition_frames_failed_total", "front", "half"] == 2
    assert found["framebus_rendition_frames_made_total", "front", "quarter"] == 0
    assert found["framebus_rendition_viewers", "front", "half"] == found["framebus_camera_viewers", "front"] == 1
    assert found["framebus_rendition_frames_sent_total", "front", "half"] == 1
    assert found["framebus_rendition_sent_bytes_total", "front", "half"] > len(jpeg())
    assert ("framebus_rendition_frames_sent_total", "front", "quarter") not in found
    stream.close()


@pytest.mark.slow
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


async def test_the_version_is_a_label(site: Site) -> None:
    assert (await metrics(site))["framebus_build_info", __version__] == 1


async def test_a_camera_that_was_not_heard_of_has_no_age_and_is_not_up(site: Site) -> None:
    samples = await metrics(site)
    assert samples["framebus_camera_up", "front"] == 0
    assert samples["framebus_refused_connections_total", "front"] == 0
    assert ("framebus_camera_age_seconds", "front") not in samples


async def test_the_connections_that_capture_refused_are_told(site: Site, camera: PublishedCamera) -> None:
    await camera_is_known(site, camera, refused=7)
    assert (await metrics(site))["framebus_refused_connections_total", "front"] == 7


async def test_the_buckets_of_a_histogram_rise_to_its_count(site: Site) -> None:
    stats = site.gateway._cameras.first.stats
    stats.ages[0], stats.ages[3], stats.ages[-1], stats.age_seconds = 5, 2, 1, 9.5
    samples = await metrics(site)
    name = "framebus_camera_sent_age_seconds"
    assert [samples[f"{name}_bucket", "front", bound] for bound in ("0.005", "0.025", "0.05", "5.0", "+Inf")] == [
        5,
        5,
        7,
        7,
        8,
    ]
    assert (samples[f"{name}_count", "front"], samples[f"{name}_sum", "front"]) == (8, 9.5)


async def test_with_several_workers_each_counter_names_its_worker(configure: Configure) -> None:
    config = configure(gateway="workers = 2")
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    workers = worker_endpoints(config.run_dir, 2)
    registries = [CameraRegistry(camera_endpoints(config), context, 1000, workers, worker) for worker in (0, 1)]
    for number, registry in enumerate(registries):
        registry.first.stats.received = 10 + number
        registry.first.stats.skipped_line = 20 + number
    await until(lambda: len(registries[0].workers.all_stats()) == 2)
    families = {family.name: family for family in CameraCollector(registries[0]).collect()}
    for registry in registries:
        registry.close()
    context.destroy()
    received = families["framebus_camera_frames_received"].samples
    assert [(sample.labels["worker"], sample.value) for sample in received] == [("0", 10), ("1", 11)]
    skipped = [sample for sample in families["framebus_camera_frames_skipped"].samples if sample.value]
    assert [(sample.labels["worker"], sample.labels["reason"], sample.value) for sample in skipped] == [
        ("0", "line", 20),
        ("1", "line", 21),
    ]
    assert families["framebus_camera_viewers"].samples[0].labels == {"camera": "front"}
