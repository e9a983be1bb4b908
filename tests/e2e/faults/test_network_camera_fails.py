"""A camera with a URL dies, hangs, and gives what is no picture, or one of another size."""

import time
from collections.abc import Iterator

import pytest

from tests.capture.media.mjpeg_camera import Call, Framing, IpCamera, ok
from tests.e2e.conftest import Pipeline, Up
from tests.e2e.faults.conftest import STALL_SECONDS, WHOLE_SECONDS, Watched
from tests.gateway.camera import jpeg
from tests.processes import wait_until

FPS = 15
SMALL, LARGE = jpeg("teal", (320, 240)), jpeg("navy", (640, 480))
ODD = {
    "of 0 bytes": b"",
    "of 40 MB": LARGE[:-2] + bytes(40 << 20) + LARGE[-2:],
    "of another size": LARGE,
    "cut off": LARGE[:-900],
}
FRAMING = Framing()


class Camera:
    """What its next answers are, for everybody who is connected."""

    def __init__(self) -> None:
        self.state = "well"
        """One of well, dead, hanging."""
        self.picture = SMALL
        self.url = ""

    def __call__(self, call: Call) -> None:
        call.send(ok(f"multipart/x-mixed-replace;boundary={FRAMING.boundary}") + FRAMING.head)
        while self.state != "dead":
            if self.state == "well":
                call.send(FRAMING.part(self.picture))
            time.sleep(1 / FPS)


@pytest.fixture
def camera() -> Iterator[Camera]:
    camera = Camera()
    with IpCamera(camera) as server:
        camera.url = server.url()
        yield camera
        camera.state = "dead"


@pytest.fixture
def network(camera: Camera, up: Up) -> Pipeline:
    """A pipeline on it."""
    return up(f'[camera.front]\nsource = "{camera.url}"\n')


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("state", "within"), [("dead", WHOLE_SECONDS), ("hanging", STALL_SECONDS)])
def test_its_server_fails_and_comes_back(
    state: str, within: float, camera: Camera, network: Pipeline, watch: Watched
) -> None:
    faults = watch(network)
    with faults.during(f"network camera: {state} for 8 s", within, keeps="mjpeg page zeromq"):
        camera.state = state
        wait_until(lambda: faults.page.state == "offline", "the page told so")
        time.sleep(3)
        camera.state = "well"


@pytest.mark.parametrize("what", ODD)
def test_it_gives_odd_frames(what: str, camera: Camera, network: Pipeline, watch: Watched) -> None:
    faults = watch(network)
    with faults.during(f"network camera: frames {what}, for 3 s", keeps="mjpeg page zeromq"):
        camera.picture = ODD[what]
        time.sleep(3)
        if what == "of another size":
            wait_until(lambda: network.cameras()[0]["width"] == 640, "the new size")
        camera.picture = SMALL
