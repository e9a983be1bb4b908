"""The page in a real Chromium, against the whole pipeline."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.e2e.conftest import Pipeline, Up
from tests.e2e.tab import Tab
from tests.processes import wait_until

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 740}


def colour(picture: Image.Image, x: int, y: int) -> tuple[int, ...]:
    """Red, green and blue of a pixel."""
    return tuple(picture.convert("RGB").crop((x, y, x + 1, y + 1)).tobytes())


@pytest.fixture
def tab(browser: Browser, pipeline: Pipeline) -> Iterator[Tab]:
    tab = Tab(browser, pipeline.url)
    yield tab
    tab.page.close()


def test_moving_pictures_are_shown(tab: Tab) -> None:
    tab.wait_for_pictures()
    assert tab.connection() == "open"
    first = tab.picture()
    tab.wait_for_pictures()
    second = tab.picture()
    assert first.tobytes() != second.tobytes()
    red, green, blue = colour(second, second.width // 2, second.height // 20)
    assert green > 150 > max(red, blue), "the middle bar of the test card"
    assert float(tab.camera()["ageMs"]) < 5000
    assert tab.complaints == []


def test_every_camera_is_on_one_websocket(browser: Browser, up: Up) -> None:
    cameras = {"front": "64x48", "yard": "48x64", "cellar": "96x96"}
    pipeline = up("".join(f'[camera.{name}]\nsource = "testcard"\nsize = "{size}"\n' for name, size in cameras.items()))
    sockets: list[str] = []
    tab = Tab(browser, "about:blank")
    tab.page.on("websocket", lambda socket: sockets.append(socket.url))
    tab.page.goto(pipeline.url)
    for name in cameras:
        tab.wait_for_pictures(name)
    assert len(sockets) == 1
    assert tab.complaints == []
    tab.page.close()


def test_a_camera_that_is_turned_is_shown_upright(browser: Browser, up: Up) -> None:
    pipeline = up('[camera.front]\nsource = "testcard"\nsize = "320x240"\norientation = 6\n')
    tab = Tab(browser, pipeline.url)
    tab.wait_for_pictures()
    tab.page.locator("[data-camera=front] .pin").click()  # on a busy machine, the page may get a smaller size
    canvas = tab.page.locator("[data-camera=front] canvas")
    wait_until(lambda: canvas.evaluate("c => [c.width, c.height]") == [240, 320], "full size, upright")
    picture = tab.picture()
    grey = colour(picture, picture.width // 10, picture.height // 2)
    bar = colour(picture, picture.width * 9 // 10, picture.height // 2)
    assert max(grey) - min(grey) < 30, "the lower part of the card is on the left"
    assert max(bar) - min(bar) > 100, "its bars are on the right"
    tab.page.close()


def test_a_click_shows_one_camera_large_and_leads_back(tab: Tab, pipeline: Pipeline) -> None:
    tab.wait_for_pictures()
    tab.page.locator("[data-camera=front] .enlarge").click()
    tab.page.wait_for_url(f"{pipeline.url}/camera/front/")
    tab.wait_for_pictures()
    tab.page.locator("a.home").click()
    tab.page.wait_for_url(f"{pipeline.url}/")
    tab.wait_for_pictures()
    assert tab.complaints == []


def test_a_still_is_downloaded(tab: Tab) -> None:
    tab.wait_for_pictures()
    with tab.page.expect_download() as download:
        tab.page.locator("[data-camera=front] a[download]").click()
    assert download.value.suggested_filename.startswith("front")
    assert download.value.suggested_filename.endswith(".jpg")
    with Image.open(download.value.path()) as still:
        assert still.size == (320, 240)


def test_the_page_goes_on_by_itself_after_the_gateway_was_killed(tab: Tab, pipeline: Pipeline) -> None:
    tab.wait_for_pictures()
    with pipeline.without("gateway"):
        wait_until(lambda: tab.connection() == "lost", "the page says that the connection is lost")
        assert tab.page.locator(".banner").is_visible()
    tab.wait_for_pictures()
    assert tab.connection() == "open"
    assert not tab.page.locator(".banner").is_visible()


def test_the_page_goes_on_by_itself_after_capture_was_killed(tab: Tab, pipeline: Pipeline) -> None:
    tab.wait_for_pictures()
    pipeline.kill("capture front")
    tab.wait_for_pictures(more=30)
    assert tab.complaints == []


def test_an_old_picture_never_passes_for_live(tab: Tab, pipeline: Pipeline) -> None:
    tab.wait_for_pictures()
    os.kill(pipeline.processes()["capture front"], 19)  # SIGSTOP: there, but silent
    tab.wait_for_state("offline")
    assert "does not answer" in tab.page.locator("[data-camera=front]").inner_text()
    os.kill(pipeline.processes()["capture front"], 18)
    tab.wait_for_pictures()


def test_a_hidden_camera_costs_nothing(tab: Tab, pipeline: Pipeline) -> None:
    tab.wait_for_pictures()
    wait_until(lambda: pipeline.cameras()[0]["viewers"] == 1, "one viewer")
    tab.page.evaluate("document.querySelector('[data-camera=front]').style.display = 'none'")
    wait_until(lambda: pipeline.cameras()[0]["viewers"] == 0, "no viewer")


def test_a_phone_shows_it_all_without_scrolling_sideways(browser: Browser, pipeline: Pipeline, tmp_path: Path) -> None:
    tab = Tab(browser, pipeline.url, PHONE)
    tab.wait_for_pictures()
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    smallest = tab.page.evaluate(
        "Math.min(...[...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && e.innerText)"
        ".map(e => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= 14
    tab.page.close()
