"""A camera fills the window, with the browser's fullscreen or without it, and there is a way out that can be seen."""

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Pipeline, Up
from tests.e2e.tab import Tab
from tests.processes import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.medium]

TWO = "".join(f'[camera.{name}]\nsource = "testcard"\nsize = "320x240"\nfps = 10\n' for name in ("front", "yard"))
WITHOUT_FULLSCREEN = "delete Element.prototype.requestFullscreen; delete Element.prototype.webkitRequestFullscreen"
PHONE = {"width": 390, "height": 664}
AWAKE = "document.body.dataset.rest = 'false'"
"""Captions are shown: else the first tap only brings them back."""


@pytest.fixture
def two(up: Up) -> Pipeline:
    return up(TWO)


def fills(page: Page, name: str = "front") -> bool:
    """Whether the picture of a camera covers the window."""
    box = page.locator(f"[data-camera={name}] .picture").bounding_box()
    window: list[float] = page.evaluate("[innerWidth, innerHeight]")
    return bool(box) and [box["x"], box["y"], box["width"], box["height"]] == [0, 0, *window]  # type: ignore[index]


def fullscreen(page: Page) -> bool:
    """Whether the browser is in fullscreen."""
    return bool(page.evaluate("!!document.fullscreenElement"))


def test_there_is_a_way_in_and_out_with_and_without_the_browsers_fullscreen(browser: Browser, two: Pipeline) -> None:
    tab = Tab(browser, two.url)
    tab.wait_for_pictures()
    page, view = tab.page, tab.page.locator("[data-camera=front]")
    view.locator(".picture").dblclick()
    wait_until(lambda: fills(page) and fullscreen(page), "fullscreen by a double click")
    wait_until(lambda: page.evaluate("document.body.dataset.awake") in ("lock", "film"), "the screen stays on")
    view.locator(".leave").click()
    wait_until(lambda: not fills(page) and not fullscreen(page), "the button leads out")
    wait_until(lambda: page.evaluate("document.body.dataset.awake") == "no", "the screen may go off")
    assert page.url == f"{two.url}/"
    view.locator(".picture").hover()
    page.keyboard.press("f")
    wait_until(lambda: fills(page) and fullscreen(page), "fullscreen by the key")
    page.keyboard.press("f")
    wait_until(lambda: not fills(page) and not fullscreen(page), "the same key leads out")
    assert tab.complaints == []
    page.close()

    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    context.add_init_script(WITHOUT_FULLSCREEN)
    phone = context.new_page()
    phone.goto(two.url)
    view = phone.locator("[data-camera=yard]")
    phone.evaluate(AWAKE)
    view.locator(".fullscreen").tap()
    wait_until(lambda: fills(phone, "yard"), "the whole window")
    assert not fullscreen(phone)
    view.locator(".picture").tap(position={"x": 60, "y": 300})
    assert phone.url == f"{two.url}/", "a tap on the picture leads to no other page"
    assert fills(phone, "yard")
    view.locator(".leave").tap()
    wait_until(lambda: not fills(phone, "yard"), "the button leads out")
    phone.evaluate(AWAKE)
    view.locator(".fullscreen").tap()
    wait_until(lambda: fills(phone, "yard"), "again")
    phone.keyboard.press("Escape")
    wait_until(lambda: not fills(phone, "yard"), "so does Escape")
    context.close()
