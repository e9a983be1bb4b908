"""The wall view: nothing but pictures, for days, and in browsers that do not run the page's script."""

import io

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Up
from tests.e2e.tab import Tab
from tests.processes import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAMES = [f"c{number}" for number in range(7)]
SEVEN = "".join(f'[camera.{name}]\nsource = "testcard"\nsize = "320x240"\nfps = 5\n' for name in NAMES)
SEEN = """
    [...document.querySelectorAll("body *")].filter(element => {
        const { width, height, top, left, right, bottom } = element.getBoundingClientRect();
        const inside = width > 1 && height > 1 && bottom > 0 && right > 0 && top < innerHeight && left < innerWidth;
        const shown = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
        return element.children.length === 0 && inside && shown && (element.innerText ?? "").trim() !== "";
    }).map(element => element.innerText)
"""
"""The texts that can be seen."""
WITHOUT_WAKE_LOCK = "delete Navigator.prototype.wakeLock"
NOT_UNDERSTOOD = "class View { #private() {} } ; x ??== 1;"
BRIGHT = 60


def is_bright(page: Page, selector: str) -> bool:
    """Whether there is a picture, which is not black."""
    with Image.open(io.BytesIO(page.locator(selector).first.screenshot())) as picture:
        return max(picture.convert("L").resize((8, 8)).tobytes()) > BRIGHT


def test_the_wall_shows_nothing_but_pictures_and_goes_on_by_itself(browser: Browser, up: Up) -> None:
    pipeline = up(SEVEN)
    tab = Tab(browser, pipeline.url)
    page = tab.page
    for name in NAMES:
        tab.wait_for_pictures(name, more=1)
    page.locator(".open-wall").click()
    wait_until(lambda: page.url == f"{pipeline.url}/?wall=", "the address of the wall")
    page.mouse.move(5, 5)
    wait_until(lambda: page.evaluate("document.body.dataset.rest") == "true", "the pointer rests")
    wait_until(
        lambda: set(page.evaluate(SEEN)) <= {"behind"}, "no text, unless the machine is too busy for live pictures"
    )
    assert page.evaluate("getComputedStyle(document.querySelector('canvas')).cursor") == "none"
    assert page.evaluate("document.body.dataset.awake") in ("lock", "film")
    boxes = page.evaluate("[...document.querySelectorAll('camera-view')].map(v => v.getBoundingClientRect().bottom)")
    assert max(boxes) <= page.evaluate("innerHeight")

    page.locator("[data-camera=c0] .enlarge").click()
    assert page.url == f"{pipeline.url}/?wall=", "a touch leads nowhere"
    with pipeline.without("gateway"):
        wait_until(
            lambda: any("No connection" in text for text in page.evaluate(SEEN)), "an old picture says that it is one"
        )
    for name in NAMES:
        tab.wait_for_pictures(name, more=2)
    for key in ("f", "f"):  # one picture fills the window, and then does not
        page.keyboard.press(key)
    wait_until(lambda: page.evaluate("document.body.dataset.full ?? null") is None, "all pictures again")
    page.keyboard.press("?")
    page.locator(".keys-dialog").wait_for()
    page.keyboard.press("Escape")
    wait_until(lambda: not page.locator(".keys-dialog").is_visible(), "the keys are gone")
    assert page.url == f"{pipeline.url}/?wall=", "what is in front is left first"
    page.keyboard.press("Escape")
    wait_until(lambda: page.url == f"{pipeline.url}/", "Esc leads out")
    assert page.locator(".top").is_visible()
    page.close()

    page = browser.new_page()
    page.add_init_script(WITHOUT_WAKE_LOCK)
    page.goto(f"{pipeline.url}/?wall")
    wait_until(lambda: page.evaluate("document.body.dataset.awake") == "film", "a film keeps the screen on")
    page.locator("[data-camera=c0] .picture").dblclick()
    wait_until(lambda: page.evaluate("!!document.fullscreenElement"), "one picture in fullscreen")
    page.locator("[data-camera=c0] .picture").dblclick()
    wait_until(lambda: not page.evaluate("!!document.fullscreenElement"), "all pictures again")
    assert page.evaluate("document.body.dataset.wall") == "true", "the wall stays a wall"
    assert not page.locator(".top").is_visible()
    page.close()

    page = browser.new_page()
    script = {"body": NOT_UNDERSTOOD, "content_type": "text/javascript"}
    page.route("**/app.js", lambda route: route.fulfill(**script))
    page.goto(f"{pipeline.url}/?wall", wait_until="commit")
    wait_until(lambda: page.locator(".plain-camera").count() == len(NAMES), "a picture for each camera")
    bottoms = "[...document.querySelectorAll('.plain-camera')].map(e => e.getBoundingClientRect().bottom)"
    wait_until(lambda: max(page.evaluate(bottoms)) <= page.evaluate("innerHeight + 1"), "all in the window")
    for number in (1, len(NAMES)):
        wait_until(lambda n=number: is_bright(page, f".plain-camera:nth-child({n})"), "a picture")  # type: ignore[misc]
    assert not page.locator(".top").is_visible()
    with pipeline.without("gateway"):
        wait_until(lambda: page.locator(".plain-lost").is_visible(), "no connection")
        wait_until(lambda: not page.locator(".plain-camera img").first.is_visible(), "no old picture")
    wait_until(lambda: not page.locator(".plain-lost").is_visible(), "connected again")
    wait_until(lambda: is_bright(page, ".plain-camera:nth-child(1)"), "pictures again")
    page.close()
