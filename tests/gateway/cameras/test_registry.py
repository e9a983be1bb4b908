"""All cameras of a gateway together: what one camera or one viewer does costs the others nothing."""

import asyncio
import socket
from collections import Counter
from typing import Any

import pytest

from framebus.config.load import Config
from framebus.protocol.wire import State
from gateway.access.identity import Identity
from gateway.cameras.registry import CameraRegistry
from gateway.delivery.viewer import STOPPING, Ending, Viewer
from tests.conftest import Configure
from tests.gateway.camera import PublishedCamera, jpeg, padded
from tests.gateway.conftest import UNTIL_SECONDS, Site, serving, until
from tests.gateway.delivery.test_viewer import ScriptedTransport

UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n"
)


class Onlooker(Viewer):
    """Counts how often it is closed."""

    closed = 0

    def next_message(self) -> bytes | None:
        return None

    def close(self, ending: Ending = STOPPING) -> None:
        self.closed += 1


def silent_client(site: Site, path: str, headers: str = "") -> socket.socket:
    """A client that asks for a path and reads nothing."""
    listen = site.config.gateway.listen
    client = socket.create_connection((listen.host, listen.port), timeout=10)
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode())
    return client


async def disconnected(cameras: CameraRegistry, camera: PublishedCamera) -> None:
    """Show frames until no viewer is left."""
    picture = padded(jpeg(), 5_000_000)
    async with asyncio.timeout(20):
        while cameras.viewers:
            camera.show(picture)
            cameras.tick(stalled_seconds=0.3)
            await asyncio.sleep(0.1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "headers"), [("/stream", ""), ("/camera/front/ws", UPGRADE)], ids=["mjpeg", "websocket"]
)
async def test_a_viewer_that_reads_nothing_loses_its_place(
    path: str, headers: str, site: Site, camera: PublishedCamera
) -> None:
    cameras = site.gateway._cameras
    with await asyncio.to_thread(silent_client, site, path, headers):
        await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
        camera.show(jpeg())
        await until(lambda: cameras.viewers == 1)
        await disconnected(cameras, camera)
        await until(lambda: not cameras.first.viewers)


@pytest.mark.slow
async def test_a_viewer_that_reads_slowly_keeps_its_place(site: Site, camera: PublishedCamera) -> None:
    cameras = site.gateway._cameras
    client = await asyncio.to_thread(silent_client, site, "/stream")
    with client:
        await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
        picture = padded(jpeg(), 30_000_000)
        async with asyncio.timeout(UNTIL_SECONDS):
            while not cameras.viewers:  # on a busy machine, one of this size may be too old when it arrives
                camera.show(picture)
                await asyncio.sleep(1)
        for _ in range(30):
            await asyncio.to_thread(client.recv, 300_000)
            cameras.tick(stalled_seconds=1.5)
            await asyncio.sleep(0.05)
        assert cameras.viewers == 1


async def test_access_is_checked_once_for_each_identity(site: Site) -> None:
    cameras = site.gateway._cameras
    ada, bob = Identity("user", "ada"), Identity("user", "bob")
    viewers = [Onlooker(ScriptedTransport(), identity) for identity in (ada, ada, ada, bob, bob)]
    for viewer in viewers:
        cameras.add_viewer(viewer)
    asked: Counter[Identity] = Counter()

    def holds(identity: Identity) -> bool:
        asked[identity] += 1
        return identity == bob

    cameras.disconnect_unauthorized(holds)
    assert asked == {ada: 1, bob: 1}
    assert [viewer.closed for viewer in viewers] == [1, 1, 1, 0, 0]
    for viewer in viewers:
        cameras.remove_viewer(viewer)


HOSTILE = {
    "since": (1e300, -1e300, 1e18, -1e18, -1.0),
    "captured": (1e300, -1e300, 1e18),
    "monotonic": (1e300, -1e300),
    "fps": (1e300, -1e300),
    "seq": (2**63, -(2**63), 2**200),
    "width": (2**63, -1),
    "reason": ("\0\r\n<b>", "x" * 100_000),
    "epoch": ('quoted"', "line\r\nSet-Cookie: a=b", "x" * 100_000),
}
HOSTILE_STATUSES = [(key, value) for key, values in HOSTILE.items() for value in values]


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure("[camera.front]\n[camera.back]\n")


@pytest.mark.slow
@pytest.mark.parametrize("state", ["offline", "live"])
async def test_no_status_of_one_camera_costs_another_anything(
    state: State, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    front, back = PublishedCamera(config, "front"), PublishedCamera(config, "back")
    async with serving(config) as site:
        cameras = site.gateway._cameras
        for camera in (front, back):
            await asyncio.to_thread(camera.wait_for_subscription, b"\x01status/%s\n" % camera.camera.encode())
        client = await asyncio.to_thread(silent_client, site, "/camera/front/stream.mjpg")
        await asyncio.to_thread(front.wait_for_subscription, b"\x01live/front\n")
        front.show(jpeg())
        await until(lambda: cameras.feeds["front"].viewers == 1)
        page = await asyncio.to_thread(silent_client, site, "/ws", UPGRADE)
        await until(lambda: cameras.viewers == 2)
        for key, value in HOSTILE_STATUSES:
            changes: dict[str, Any] = {"reason": "unplugged", key: value}
            front.say(state, **changes)
            await asyncio.sleep(0.02)
            cameras.tick()
            for path in ("/api/cameras", "/metrics", "/readyz", "/state", "/healthz"):
                answer = await site.get(path)
                assert answer.code in (200, 503), (path, key, value)
        back.say("live")
        await until(lambda: cameras.feeds["back"].status.state == "live")
        client.close()
        page.close()
    front.close()
    back.close()
    assert "Exception in callback" not in caplog.text
    assert "Task exception" not in caplog.text


@pytest.mark.slow
async def test_no_frame_of_one_camera_costs_another_anything(config: Config, caplog: pytest.LogCaptureFixture) -> None:
    front, back = PublishedCamera(config, "front"), PublishedCamera(config, "back")
    keys = ("captured", "monotonic", "published", "width", "height", "dropped", "epoch", "source")
    values = (1e300, -1e300, 1e18, -1e18, -1.0, 2**63, 2**200, 'quoted"', "line\r\n", "x" * 100_000)
    async with serving(config) as site:
        cameras = site.gateway._cameras
        requests = (("/camera/front/stream.mjpg", ""), ("/camera/front/ws", UPGRADE))
        clients = [await asyncio.to_thread(silent_client, site, *request) for request in requests]
        await asyncio.to_thread(front.wait_for_subscription, b"\x01live/front\n")
        front.show(jpeg())
        await until(lambda: cameras.feeds["front"].viewers == 2)
        for key in keys:
            for value in values:
                changes: dict[str, Any] = {key: value}
                front.show(jpeg(), **changes)
                await asyncio.sleep(0.005)
                cameras.tick()
            for path in ("/api/cameras", "/metrics", "/readyz"):
                assert (await site.get(path)).code in (200, 503), (path, key)
        await asyncio.to_thread(back.wait_for_subscription, b"\x01status/back\n")
        back.say("live")
        await until(lambda: cameras.feeds["back"].status.state == "live")
        for client in clients:
            client.close()
    front.close()
    back.close()
    assert "Exception in callback" not in caplog.text


async def test_a_camera_whose_tick_fails_is_counted_and_the_others_tick(
    config: Config, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(config) as site:
        cameras = site.gateway._cameras
        ticked = []

        def failing() -> None:
            raise OverflowError("cannot convert float infinity to integer")

        monkeypatch.setattr(cameras.feeds["front"], "tick", failing)
        monkeypatch.setattr(cameras.feeds["back"], "tick", lambda: ticked.append("back"))
        cameras.tick()
    assert ticked == ["back"]
    assert "1 ticks that failed (1 in all): camera front: OverflowError: cannot convert" in caplog.text
