"""The ages that the page shows, held against the moment that each picture itself bears, in black and white."""

import io
import threading
import time
from collections.abc import Iterator

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser

from tests.conftest import Configure, Start
from tests.e2e.tab import Tab
from tests.gateway.camera import PublishedCamera
from tests.processes import wait_until

pytestmark = pytest.mark.browser

BITS = 20
"""Of the milliseconds: a quarter of an hour until they begin again."""
BIT_PIXELS = 16
TOLERANCE_MS = 400
"""Between the drawing of a picture and the look at it: a second is what would be wrong."""

READ = """([bits, pixels]) => {
    const view = document.querySelector("[data-camera=front]");
    const canvas = view?.querySelector("canvas");
    if (!canvas || canvas.width !== bits * pixels || !view.dataset.ageMs) return null;
    const now = Date.now();
    const row = canvas.getContext("2d").getImageData(0, pixels / 2, canvas.width, 1).data;
    let bears = 0;
    for (let bit = 0; bit < bits; bit++) bears = bears * 2 + (row[(bit * pixels + pixels / 2) * 4] > 127 ? 1 : 0);
    return { bears, now: now % (1 << bits), shown: Number(view.dataset.ageMs) };
}"""


def picture(unix_ms: int) -> bytes:
    """A JPEG that bears this moment: a block for each bit, the highest first."""
    image = Image.new("L", (BITS * BIT_PIXELS, BIT_PIXELS))
    draw = ImageDraw.Draw(image)
    for bit in range(BITS):
        if unix_ms >> (BITS - 1 - bit) & 1:
            draw.rectangle((bit * BIT_PIXELS, 0, (bit + 1) * BIT_PIXELS - 1, BIT_PIXELS), 255)
    jpeg = io.BytesIO()
    image.convert("RGB").save(jpeg, "JPEG", quality=95)
    return jpeg.getvalue()


class LateCamera:
    """Takes ten pictures a second, and hands each over so many seconds later."""

    def __init__(self, camera: PublishedCamera, late_seconds: float) -> None:
        self._camera = camera
        self._late_seconds = late_seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        """Take no more."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(0.1):
            taken, monotonic = time.time() - self._late_seconds, time.monotonic() - self._late_seconds
            self._camera.show(
                picture(round(taken * 1000)),
                captured=taken,
                monotonic=monotonic,
                width=BITS * BIT_PIXELS,
                height=BIT_PIXELS,
            )
            self._camera.say()


@pytest.fixture(params=[0.0, 1.5, 6.0])
def late(request: pytest.FixtureRequest, configure: Configure, start: Start) -> Iterator[float]:
    """A gateway, and a camera whose pictures are that old when they are published."""
    config = configure()
    start("gateway", config=config).wait_for("listening on")
    published = PublishedCamera(config)
    camera = LateCamera(published, request.param)
    yield request.param
    camera.close()
    published.close()


def test_the_age_on_the_page_is_the_age_of_the_picture_on_it(
    late: float,
    browser: Browser,
    free_port: int,
) -> None:
    tab = Tab(browser, f"http://127.0.0.1:{free_port}/")
    wait_until(lambda: tab.page.evaluate(READ, [BITS, BIT_PIXELS]), "a picture with an age")
    wrong = []
    for _ in range(20):
        seen = tab.page.evaluate(READ, [BITS, BIT_PIXELS])
        true_ms = (seen["now"] - seen["bears"]) % (1 << BITS)
        assert true_ms >= late * 1000 - 50
        wrong.append(abs(seen["shown"] - true_ms))
        tab.page.wait_for_timeout(50)
    assert sorted(wrong)[len(wrong) // 2] < TOLERANCE_MS, wrong
    tab.page.close()
