"""The page gets its pictures as large as its tiles, and in full size where a person wants that."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from framebus.protocol.wire import FrameHeader, parse, split
from tests.e2e.conftest import Pipeline, Up
from tests.e2e.tab import Tab
from tests.processes import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TWO = "".join(f'[camera.{name}]\nsource = "testcard"\nsize = "1280x720"\nfps = 10\n' for name in ("front", "yard"))
FPS = 30
NINE = "".join(f'[camera.c{number}]\nsource = "testcard"\nsize = "1280x720"\nfps = {FPS}\n' for number in range(1, 10))
SECONDS = 60.0
"""For nine cameras on a machine that is busy."""
PHONE = {"width": 390, "height": 664}
WINDOWS = [{"width": 1440, "height": 900}, {"width": 390, "height": 844}, {"width": 844, "height": 390}]
"""A desktop, and a phone in both directions: in each, nine cameras are in sight."""


@pytest.fixture
def two(up: Up) -> Pipeline:
    """Two cameras of 1280x720."""
    return up(TWO)


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A phone with three pixels of the screen for each of CSS."""
    context = browser.new_context(viewport=PHONE, device_scale_factor=3)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def width(page: Page, name: str = "front") -> int:
    """How many pixels wide the picture is."""
    return int(page.evaluate("name => document.querySelector(`[data-camera=${name}] canvas`)?.width ?? 0", name))


def all_in_sight(page: Page) -> bool:
    """Whether no tile lies outside the window, and nothing has to be scrolled."""
    found: bool = page.evaluate(
        "[...document.querySelectorAll('camera-view')].every(view => {"
        " const at = view.getBoundingClientRect();"
        " return at.width > 0 && at.top >= 0 && at.left >= 0 && at.right <= innerWidth && at.bottom <= innerHeight; })"
        " && document.documentElement.scrollHeight <= innerHeight"
    )
    return found


def test_a_tile_gets_what_fills_it_and_a_pinned_one_full_size(browser: Browser, two: Pipeline) -> None:
    tab = Tab(browser, two.url)
    tab.wait_for_pictures()
    wait_until(lambda: width(tab.page) == 640, "half size")
    assert tab.camera()["kind"] == "half"
    assert tab.page.locator("[data-camera=front] [data-fact=small]").inner_text() == "", "it fills the tile"
    pin = tab.page.locator("[data-camera=front] .pin")
    pin.click()
    assert pin.get_attribute("aria-pressed") == "true"
    wait_until(lambda: width(tab.page) == 1280, "full size")
    tab.page.reload()
    wait_until(lambda: (width(tab.page), width(tab.page, "yard")) == (1280, 640), "the choice is kept, for one camera")
    pin.click()
    wait_until(lambda: width(tab.page) == 640, "half size again")
    assert tab.complaints == []
    tab.page.close()


@pytest.mark.timeout(180)
def test_nine_cameras_on_a_phone_take_a_fifth_of_the_bytes_at_most(phone: Page, up: Up) -> None:
    """Of what full size takes at the rate of the configuration, which nine cameras on a busy machine do not reach."""
    pipeline = up(NINE)
    names = [f"c{number}" for number in range(1, 10)]
    phone.set_viewport_size({"width": 390, "height": 2600})  # as if scrolled: all nine are in sight
    received: dict[str, list[tuple[float, int]]] = {name: [] for name in names}

    def note(message: bytes | str) -> None:
        if isinstance(message, bytes) and (split(message).kind in ("live", "half", "quarter")):
            header = parse(message, FrameHeader)[1]
            received[header.camera].append((header.monotonic, len(message)))

    def has_more(frames: list[tuple[float, int]]) -> bool:
        return len(frames) > 10

    phone.on("websocket", lambda socket: socket.on("framereceived", note))
    phone.goto(pipeline.url)
    wait_until(lambda: all(0 < width(phone, name) < 1280 for name in names), "nine small pictures", SECONDS)
    for window in WINDOWS:
        phone.set_viewport_size(window)  # type: ignore[arg-type]
        wait_until(lambda: all_in_sight(phone), f"nine cameras in {window} without scrolling", SECONDS)
    phone.set_viewport_size({"width": 390, "height": 2600})
    full = {name: len(pipeline.get(f"/camera/{name}/snapshot.jpg")) for name in names}
    for frames in received.values():
        del frames[:]
    wait_until(lambda: bool(phone.title()) and all(map(has_more, received.values())), "more pictures", SECONDS)
    taken = sum(sum(size for _, size in frames[1:]) for frames in received.values())
    given = sum(full[name] * FPS * (frames[-1][0] - frames[0][0]) for name, frames in received.items())
    assert taken < given / 5


def test_the_page_of_one_camera_gets_what_the_screen_has(phone: Page, two: Pipeline) -> None:
    phone.goto(f"{two.url}/camera/front/")
    wait_until(lambda: width(phone) == 1280, "full size")


def test_in_fullscreen_a_camera_gets_more_and_goes_first(browser: Browser, two: Pipeline) -> None:
    tab = Tab(browser, "about:blank")
    sent: list[str] = []
    tab.page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(str(data))))
    tab.page.goto(two.url)
    wait_until(lambda: width(tab.page) == 640, "half size")
    tab.page.locator("[data-camera=front] .fullscreen").click()
    wait_until(lambda: width(tab.page) == 1280, "full size")
    wait_until(lambda: bool(tab.page.title()) and any('"first":true' in text for text in sent), "it goes first")
    last = [text for text in sent if "watch" in text][-1]
    assert '"yard":{"width":' in last
    assert '"fps":1' in last
    tab.page.close()
