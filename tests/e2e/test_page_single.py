"""The page of one camera: zoomed by every kind of hand, and the other cameras beside it."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.e2e.conftest import Pipeline, Up
from tests.e2e.tab import Tab
from tests.processes import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.medium]

CAMERAS = "".join(
    f'[camera.{name}]\nsource = "testcard"\nsize = "1280x720"\nfps = 10\ntitle = "{title}"\n'
    for name, title in (("front", "Front door"), ("yard", "Yard"), ("cellar", "Cellar"))
)
PHONE = {"width": 390, "height": 664}
NODES_OF_A_VIEW = 200
"""At least."""


@pytest.fixture
def three(up: Up) -> Pipeline:
    return up(CAMERAS)


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def scale(page: Page) -> int:
    """How large the picture is shown, in percent."""
    return int(page.locator(".zoom-whole").inner_text().split()[0])


def shown(page: Page) -> str:
    """The camera of the page."""
    return str(page.locator("camera-view").get_attribute("data-camera"))


def nodes(page: Page) -> int:
    """How many nodes the browser keeps for the page, also outside it, when the garbage is gone."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("HeapProfiler.collectGarbage")
    counters: dict[str, int] = cdp.send("Memory.getDOMCounters")
    cdp.detach()
    return counters["nodes"]


class Fingers:
    """On the picture; positions are parts of its width and height."""

    def __init__(self, page: Page) -> None:
        self._cdp = page.context.new_cdp_session(page)
        box = page.locator(".picture").bounding_box()
        assert box is not None
        self._box = box

    def down(self, *points: tuple[float, float]) -> None:
        self._send("touchStart", points)

    def move(self, *points: tuple[float, float]) -> None:
        self._send("touchMove", points)

    def up(self) -> None:
        self._send("touchEnd", ())

    def tap(self, at: tuple[float, float]) -> None:
        self.down(at)
        self.up()

    def _send(self, kind: str, points: tuple[tuple[float, float], ...]) -> None:
        box = self._box
        touches: list[dict[str, Any]] = [
            {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"], "id": finger}
            for finger, (x, y) in enumerate(points)
        ]
        self._cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


def test_mouse_and_keys(browser: Browser, three: Pipeline) -> None:
    tab = Tab(browser, f"{three.url}/camera/front/")
    page = tab.page
    sent: list[str] = []
    tab.wait_for_pictures()
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(str(data))))
    page.reload()
    tab.wait_for_pictures()
    picture = page.locator(".picture")

    picture.hover()
    page.mouse.wheel(0, -600)
    wait_until(lambda: scale(page) == 400, "four times as large")
    wait_until(lambda: bool(page.title()) and '{"watch":{"front":{}}}' in sent, "full size while it is zoomed")
    before = page.locator("canvas").evaluate("canvas => canvas.style.transform")
    page.mouse.down()
    page.mouse.move(400, 300)
    page.mouse.up()
    assert page.locator("canvas").evaluate("canvas => canvas.style.transform") != before
    assert page.url.endswith("/camera/front/")
    page.keyboard.press("0")
    wait_until(lambda: scale(page) == 100, "the whole picture")
    wait_until(
        lambda: bool(page.title()) and '"width"' in [text for text in sent if "watch" in text][-1], "as wide again"
    )

    for key, percent in (("+", 140), ("ArrowLeft", 140), ("-", 100)):
        page.keyboard.press(key)
        assert scale(page) == percent, key
    page.evaluate("window.same = true")
    for key, camera in (("ArrowRight", "yard"), ("3", "cellar"), ("ArrowRight", "front"), ("ArrowLeft", "cellar")):
        page.keyboard.press(key)
        assert (page.url, shown(page)) == (f"{three.url}/camera/{camera}/", camera)
    tab.wait_for_pictures("cellar")
    page.go_back()
    wait_until(lambda: shown(page) == "front", "back to the one before")
    button = page.locator(".next")
    assert button.get_attribute("aria-label") == "Next camera: Yard (→)"
    button.click()
    tab.wait_for_pictures("yard")
    assert page.evaluate("window.same && document.activeElement.matches('.next')"), "no new page, and the focus stays"
    assert [camera["viewers"] for camera in three.cameras()] == [0, 1, 0]

    before_switches = nodes(page)
    for key in "13" * 15:
        page.keyboard.press(key)
    wait_until(lambda: nodes(page) < before_switches + 15 * NODES_OF_A_VIEW, "the end of views that were left", 60)

    page.keyboard.press("f")
    wait_until(lambda: bool(page.evaluate("!!document.fullscreenElement")), "fullscreen")
    page.keyboard.press("1")
    tab.wait_for_pictures("front")
    assert page.evaluate(
        "!!document.fullscreenElement && document.querySelector('[data-camera=front]').matches('[data-full]')"
    )
    assert tab.complaints == []
    page.close()


def test_fingers(phone: Page, three: Pipeline) -> None:
    phone.goto(f"{three.url}/camera/front/")
    wait_until(lambda: int(phone.locator("camera-view").get_attribute("data-frames") or 0) > 3, "pictures")
    phone.locator(".single-bar").wait_for()
    fingers = Fingers(phone)
    fingers.tap((0.2, 0.5))
    fingers.tap((0.2, 0.5))
    wait_until(lambda: scale(phone) == 250, "a double tap zooms")
    assert not phone.evaluate("'full' in document.body.dataset")
    fingers.tap((0.5, 0.5))
    fingers.tap((0.5, 0.5))
    wait_until(lambda: scale(phone) == 100, "and shows the whole picture again")
    fingers.down((0.4, 0.5), (0.6, 0.5))
    for step in (0.05, 0.1, 0.15, 0.2):
        fingers.move((0.4 - step, 0.5), (0.6 + step, 0.5))
    fingers.up()
    wait_until(lambda: 250 <= scale(phone) <= 350, "a pinch zooms")
    fingers.down((0.8, 0.5))
    fingers.move((0.2, 0.5))
    fingers.up()
    assert shown(phone) == "front", "while it is zoomed, a finger moves the picture"
    # As in the window, so in fullscreen, where other pages leave a pinch to the browser, which has none there.
    phone.keyboard.press("0")
    phone.keyboard.press("f")
    wait_until(lambda: phone.evaluate("'full' in document.body.dataset"), "fullscreen")
    over = Fingers(phone)
    over.down((0.4, 0.5), (0.6, 0.5))
    over.move((0.2, 0.5), (0.8, 0.5))
    over.up()
    wait_until(lambda: scale(phone) > 200, "a pinch in fullscreen")
    phone.keyboard.press("f")
    wait_until(lambda: not phone.evaluate("'full' in document.body.dataset"), "out again")
    phone.locator(".single-bar").wait_for()
    fingers = Fingers(phone)
    phone.keyboard.press("0")  # a tap would end the fling, and do nothing else
    for start, end, camera in ((0.8, 0.2, "yard"), (0.2, 0.8, "front"), (0.2, 0.8, "cellar")):
        fingers.down((start, 0.5))
        fingers.move(((start + end) / 2, 0.52))
        fingers.move((end, 0.52))
        fingers.up()
        wait_until(lambda camera=camera: shown(phone) == camera, f"a swipe to {camera}")  # type: ignore[misc]


def test_a_phone_on_its_side_shows_a_picture_and_one_line_of_tools(phone: Page, three: Pipeline) -> None:
    phone.set_viewport_size({"width": 844, "height": 390})
    phone.goto(f"{three.url}/camera/front/")
    phone.locator(".single-bar .next").wait_for()
    picture = phone.locator(".picture").bounding_box()
    assert picture
    assert picture["height"] > 390 / 2
    phone.keyboard.press("f")
    wait_until(lambda: phone.evaluate("'full' in document.body.dataset"), "fullscreen")
    bar, tool = phone.locator(".single-bar").bounding_box(), phone.locator(".single-bar .next").bounding_box()
    assert bar
    assert tool
    assert bar["height"] < 2 * tool["height"]


def test_a_page_whose_tools_could_not_be_loaded_is_loaded_again(browser: Browser, three: Pipeline) -> None:
    tab = Tab(browser, "about:blank")
    asked: list[Route] = []

    def fail_once(route: Route) -> None:
        asked.append(route)
        if len(asked) == 1:
            route.abort()
        else:
            route.continue_()

    tab.page.route("**/timeline/axis.js", fail_once)
    tab.page.goto(f"{three.url}/camera/front/")
    tab.page.wait_for_selector("body[data-tools=ready]", timeout=60_000)  # it bears that the page is loaded again
    assert len(asked) == 2
    tab.page.close()
