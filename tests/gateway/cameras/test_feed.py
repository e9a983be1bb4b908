import asyncio
import json
import time
from collections.abc import AsyncIterator

import pytest

from framebus.protocol.wire import StatusHeader, parse
from gateway.cameras.feed import Feed
from gateway.delivery.viewer import STOPPING, Ending, Viewer
from tests.conftest import Configure
from tests.gateway.camera import PublishedCamera, jpeg
from tests.gateway.conftest import Site, serving, until
from tests.gateway.delivery.test_viewer import ScriptedTransport
from tests.ports import free_ports
from tests.processes import DEADLINE_SECONDS


class Onlooker(Viewer):
    """Notes which frames it was woken for."""

    def __init__(self, feed: Feed) -> None:
        super().__init__(ScriptedTransport())
        self.feed = feed
        self.seen: list[int] = []
        self.repeats = 0

    def next_message(self) -> bytes | None:
        encoded = self.feed.live.encoded
        if encoded is None or (self.seen and self.seen[-1] == encoded.frame.seq):
            return None
        self.seen.append(encoded.frame.seq)
        return encoded.mjpeg_part

    def repeat(self) -> None:
        self.repeats += 1

    def join(self) -> None:
        self.feed.live.join(self)
        self.feed.join(self)

    def close(self, ending: Ending = STOPPING) -> None:
        self.feed.live.leave(self)
        self.feed.leave(self)


@pytest.fixture
def feed(site: Site) -> Feed:
    return site.gateway._cameras.first


async def test_a_camera_not_heard_of_is_starting_then_offline(feed: Feed) -> None:
    assert (feed.status.state, feed.status.reason) == ("starting", "no status received yet")
    feed.status_timeout_seconds = 0
    assert (feed.status.state, feed.status.reason) == ("offline", "its capture process does not answer")
    assert feed.age is None


async def test_the_status_is_the_cameras_own(feed: Feed, camera: PublishedCamera) -> None:
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01status/front\n")
    camera.say("idle", "1 fps while there are no viewers")
    await until(lambda: feed.status.state == "idle")
    assert parse(feed.status_message, StatusHeader)[1] == feed.status
    assert feed.status.reason == "1 fps while there are no viewers"


async def test_a_gateway_that_stood_still_calls_no_camera_offline_for_that(feed: Feed, camera: PublishedCamera) -> None:
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01status/front\n")
    camera.say("live")
    await until(lambda: feed.status.state == "live")
    feed.status_timeout_seconds = 60
    feed._status_at = feed._ticked_at = time.monotonic() - 100  # as after SIGSTOP and SIGCONT
    states = [feed.status.state]
    feed.tick()
    states.append(feed.status.state)
    feed._status_at -= 100  # it has been silent while this process ran
    assert [*states, feed.status.state] == ["live", "live", "offline"]


async def test_a_camera_that_falls_silent_is_offline_with_its_last_figures(feed: Feed, camera: PublishedCamera) -> None:
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01status/front\n")
    camera.say("live")
    await until(lambda: feed.status.state == "live")
    feed.status_timeout_seconds = 0
    assert (feed.status.state, feed.status.dropped, feed.status.bad, feed.status.fps) == ("offline", 3, 4, 0)


async def test_a_malformed_frame_is_dropped_and_counted(feed: Feed, camera: PublishedCamera) -> None:
    onlooker = Onlooker(feed)
    onlooker.join()
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    for message in (b"live/front\n", b"live/front\n{}\n", b'live/front\n{"v":2}\nJPEG', b"live/front\n\xff\n\xff"):
        camera.send(message)
    camera.send(b"status/front\nnonsense\n")
    camera.show(jpeg())
    await until(lambda: onlooker.seen == [1])


# A camera of another machine


@pytest.fixture
async def far(configure: Configure, free_port: int) -> AsyncIterator[tuple[Site, PublishedCamera]]:
    """A gateway, and the camera that it connects to over tcp."""
    (port,) = free_ports(1)
    config = configure(f'[camera.front]\nconnect = "tcp://127.0.0.1:{port}"\n')
    camera = PublishedCamera(config, endpoint=f"tcp://127.0.0.1:{port}")
    async with serving(config) as site:
        yield site, camera
    camera.close()


async def test_of_another_machine_the_wall_clocks_tell_the_age(far: tuple[Site, PublishedCamera]) -> None:
    site, camera = far
    feed = site.gateway._cameras.first
    onlooker = Onlooker(feed)
    onlooker.join()
    for _ in range(2):
        assert await asyncio.to_thread(camera.subscription)
    camera.show(jpeg(), monotonic=1e9, published=1e9, captured=time.time() - 7)
    await until(lambda: onlooker.seen == [1])
    assert feed.age is not None
    assert 7 <= feed.age < 60
    camera.show(jpeg(), monotonic=1e9 + 1, published=1e9 + 1, captured=time.time() + 100)
    await until(lambda: onlooker.seen == [1, 2])
    assert feed.age == 0


async def test_a_wrong_clock_of_another_machine_makes_no_camera_unready(far: tuple[Site, PublishedCamera]) -> None:
    site, camera = far
    feed = site.gateway._cameras.first
    assert feed.seconds_without_frame is None
    feed.status_timeout_seconds = DEADLINE_SECONDS
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01status/front\n")
    camera.say("live", seq=7, monotonic=1e9, captured=time.time() - 3600)
    await until(lambda: feed.status.seq == 7)
    assert feed.age is not None
    assert feed.age >= 3600, "what is shown is the difference of both clocks"
    assert (await site.get("/readyz")).code == 200
    feed._newest_at -= 3600
    camera.say("live", "again", seq=7, monotonic=1e9, captured=time.time())
    await until(lambda: feed.status.reason == "again")
    answer = await site.get("/readyz")
    assert (answer.code, json.loads(answer.body)["not_ready"].keys()) == (503, {"front"}), "no new frame for an hour"


async def test_before_a_frame_its_status_tells_the_age(far: tuple[Site, PublishedCamera]) -> None:
    site, camera = far
    feed = site.gateway._cameras.first
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01status/front\n")
    camera.say(captured=time.time() - 7, monotonic=1e9, refused=5)
    await until(lambda: feed.status.state == "live")
    assert feed.age is not None
    assert 7 <= feed.age < 60
    metrics = (await site.get("/metrics")).body.decode()
    assert 'framebus_refused_connections_total{camera="front"} 5.0\n' in metrics


async def test_of_another_machine_that_is_silent_the_endpoint_is_named(far: tuple[Site, PublishedCamera]) -> None:
    site, _ = far
    feed = site.gateway._cameras.first
    feed.status_timeout_seconds = 0
    assert feed.status.reason == f"nothing arrives from {site.config.cameras['front'].connect}"


async def test_controls_that_are_not_connected_are_refused(far: tuple[Site, PublishedCamera]) -> None:
    site, _ = far
    answer = await site.get("/api/cameras/front/controls", headers={"Accept": "application/json"})
    assert answer.code == 503
    assert json.loads(answer.body)["error"] == {
        "code": "not-connected",
        "message": "camera front is on another machine, and its controls are not connected; set connect_control in "
        "[camera.front], and control there",
    }
