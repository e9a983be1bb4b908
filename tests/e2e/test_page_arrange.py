"""What a person chooses for the page of all cameras: layout, order, hidden ones, timestamps. The browser keeps it."""

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Up
from tests.e2e.tab import Tab
from tests.processes import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.medium]

NAMES = ("front", "garden", "yard")
THREE = "".join(f'[camera.{name}]\ntitle = "The {name}"\nsource = "testcard"\nsize = "320x240"\n' for name in NAMES)
STAMP_INK = 60
"""Bright pixels of a text, at least; the test card is dark there."""


def order(page: Page) -> list[str]:
    """The cameras that are shown, as the Tab key goes through them."""
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('camera-view')].filter(view => view.checkVisibility())"
        ".map(view => view.dataset.camera)"
    )
    return found


def width(page: Page, name: str) -> float:
    """How wide the tile of a camera is."""
    box = page.locator(f"[data-camera={name}]").bounding_box()
    return box["width"] if box else 0


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until this has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"the Tab key does not reach {selector}")


def drag(page: Page, name: str, to: str) -> None:
    """Drag a row of the dialog to the place of another, with the mouse."""
    grip = page.locator(f"[data-row={name}] .grip").bounding_box()
    target = page.locator(f"[data-row={to}]").bounding_box()
    assert grip
    assert target
    page.mouse.move(grip["x"] + 5, grip["y"] + 5)
    page.mouse.down()
    page.mouse.move(grip["x"] + 5, (grip["y"] + target["y"]) / 2)
    page.mouse.move(grip["x"] + 5, target["y"] + target["height"] / 2 + 2)
    page.mouse.up()


def test_cameras_are_arranged_by_keyboard_and_pointer_and_stay_so(browser: Browser, up: Up) -> None:
    pipeline = up(THREE)
    tab = Tab(browser, pipeline.url)
    page = tab.page
    for name in NAMES:
        tab.wait_for_pictures(name, more=1)
    wait_until(lambda: page.locator("[data-camera=yard] .name").inner_text() == "The yard", "the title")

    tab_to(page, ".arrange")
    page.keyboard.press("Enter")
    tab_to(page, "[data-row=front] .down")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.matches('[data-row=front] .up')"), "the last cannot go down"
    tab_to(page, "[data-row=garden] input")
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    assert order(page) == ["yard", "front"]
    assert page.locator(".summary").inner_text() == "2 of 3 cameras shown"
    wait_until(lambda: pipeline.cameras()[1]["viewers"] == 0, "no viewer of the hidden camera")

    page.reload()
    wait_until(lambda: order(page) == ["yard", "front"], "the same after a reload")
    page.locator("[data-camera=front] .enlarge").press("Enter")
    following = page.locator(".next")
    wait_until(
        lambda: following.count() and following.get_attribute("aria-label") == "Next camera: The yard (→)",
        "the next camera in the order of this page, without the hidden one",
    )
    wait_until(lambda: page.title() == "● The front — framebus", "what people call the camera")
    page.go_back()
    wait_until(lambda: order(page) == ["yard", "front"], "the page of all cameras")
    page.locator(".arrange").click()
    page.locator("[data-row=yard] input").uncheck()
    page.reload()
    tab.wait_for_pictures(more=3)
    assert order(page) == ["front"], "hidden ones stay hidden, however many"
    page.locator(".arrange").click()
    page.locator("[data-row=yard] input").check()
    drag(page, "front", "yard")
    assert order(page) == ["front", "yard"]
    page.locator(".reset").click()
    assert order(page) == list(NAMES)

    page.locator("[value=large]").check()
    page.locator(".arrange-dialog .close").click()
    wait_until(lambda: width(page, "front") > 2 * width(page, "garden"), "the first is large")
    page.locator("[data-camera=garden] .enlarge").click()
    wait_until(lambda: width(page, "garden") > 2 * width(page, "front"), "the one that was clicked is large")
    assert page.url == f"{pipeline.url}/"

    page.locator(".arrange").click()
    page.locator("[name=seconds]").select_option("5")
    page.locator("[name=timestamps]").check()
    page.keyboard.press("Escape")
    wait_until(lambda: order(page) == ["front"], "the first alone")
    wait_until(lambda: "yard" in order(page), "the third", 60)
    page.locator(".arrange").click()
    page.locator("[value=all]").check()
    page.keyboard.press("Escape")

    stamp = page.locator("[data-camera=front] .timestamp")
    wait_until(lambda: len(stamp.inner_text()) == len("2026-11-29 15:32:10"), "the time of the picture")
    with page.expect_download() as download:
        page.locator("[data-camera=front] .still").click()
    assert download.value.suggested_filename.startswith("front-2")
    with Image.open(download.value.path()) as still:
        assert still.size == (320, 240)
        corner = still.convert("L").crop((0, 216, 140, 240))
        assert sum(corner.histogram()[200:]) > STAMP_INK, "a text at the lower left"
    page.route("**/snapshot.jpg*", lambda route: route.fulfill(status=504))
    page.locator("[data-camera=front] .still").click()
    wait_until(lambda: "answered 504" in page.locator(".banner").inner_text(), "why no still was saved")
    assert [text for text in tab.complaints if "504" not in text] == []
    page.close()
