"""Captions fade when the pointer rests, stay for the keyboard, and come back by a tap that does nothing else."""

import os
import signal

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Up
from tests.e2e.tab import Tab
from tests.processes import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.medium]

TWO = "".join(f'[camera.{name}]\nsource = "testcard"\nsize = "320x240"\n' for name in ("front", "cellar"))
PHONE = {"width": 390, "height": 664}
HAS_TWO_COLOURS = """() => {
    const frame = getComputedStyle(document.querySelector("[data-camera=cellar] .picture"), "::after");
    const isSeen = frame.borderTopStyle === "solid" && frame.outlineStyle === "solid";
    return isSeen && frame.borderTopColor !== frame.outlineColor;
}"""


def opacity(page: Page, selector: str) -> float:
    """How much of an element is seen."""
    return float(page.evaluate("selector => getComputedStyle(document.querySelector(selector)).opacity", selector))


def rests(page: Page) -> bool:
    """Whether nobody has used the page for a while."""
    return str(page.evaluate("document.body.dataset.rest")) == "true"


def test_captions_fade_and_come_back(browser: Browser, up: Up) -> None:
    pipeline = up(TWO)
    tab = Tab(browser, pipeline.url)
    page = tab.page
    caption, down = "[data-camera=front] .caption", "[data-camera=cellar] .caption"
    tab.wait_for_pictures()
    os.kill(pipeline.processes()["capture cellar"], signal.SIGSTOP)
    tab.wait_for_state("offline", "cellar")
    page.mouse.move(300, 300)
    page.mouse.move(310, 300)
    assert not rests(page)
    wait_until(lambda: tab.camera()["state"] == "live" and rests(page) and opacity(page, caption) == 0, "faded")
    assert opacity(page, down) == 1, "a camera that is down keeps its name"
    page.mouse.move(320, 300)
    wait_until(lambda: opacity(page, caption) == 1, "back by the pointer")
    page.locator("[data-camera=front] .pin").focus()
    page.keyboard.press("Tab")
    wait_until(lambda: rests(page), "rest")
    assert opacity(page, caption) == 1, "it stays for the keyboard"
    page.close()

    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    phone = context.new_page()
    phone.goto(pipeline.url)
    picture = phone.locator("[data-camera=front] .enlarge")
    picture.wait_for(state="attached")
    wait_until(lambda: rests(phone) and opacity(phone, caption) == 0, "faded on the phone")
    picture.tap()
    wait_until(lambda: opacity(phone, caption) == 1, "back by a tap")
    assert phone.evaluate("location.pathname") == "/", "which leads nowhere"
    phone.evaluate("document.body.dataset.rest = 'false'")
    picture.tap()
    phone.wait_for_url(f"{pipeline.url}/camera/front/")  # the second one does what it always did
    context.close()

    context = browser.new_context(forced_colors="active")
    high_contrast = context.new_page()
    high_contrast.goto(pipeline.url)
    high_contrast.locator("[data-camera=cellar][data-state=offline]").wait_for(state="attached")
    wait_until(lambda: high_contrast.evaluate(HAS_TWO_COLOURS), "a frame of two colours, one of which is seen")
    context.close()
    os.kill(pipeline.processes()["capture cellar"], signal.SIGCONT)
