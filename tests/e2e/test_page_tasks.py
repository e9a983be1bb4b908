"""What a stranger wants of the page, in at most four clicks each, and what its buttons say."""

import os
import re
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Pipeline, Up
from tests.e2e.tab import Tab
from tests.processes import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CARD = '[camera.front]\nsource = "testcard"\nsize = "320x240"\nfps = 10\n'
MOST_CLICKS = 4
CORNER = "document.querySelector('canvas').getContext('2d').getImageData(5, 5, 1, 1).data[0]"
CORNER_IN_WINDOW = """() => {
  const canvas = document.createElement("canvas");
  const video = document.pictureInPictureElement;
  Object.assign(canvas, { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0);
  return canvas.getContext("2d").getImageData(5, 5, 1, 1).data[0];
}"""
HIDE = """() => {
  Object.defineProperty(document, "hidden", { get: () => true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


PHONE = {"width": 390, "height": 664}
PHONES = {
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15": "Add to Home Screen",
    "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0": "Open the menu of the browser",
}


class Stranger:
    """Counts the clicks since the page of all cameras."""

    def __init__(self, page: Page, home: str) -> None:
        self._page = page
        self.clicks = 0
        page.goto(home)

    def click(self, selector: str) -> None:
        """Click once."""
        self._page.locator(selector).click()
        self.clicks += 1


def is_kept(pipeline: Pipeline, seconds: int) -> bool:
    """Whether the history reaches so far back."""
    try:
        return bool(pipeline.get(f"/camera/front/snapshot.jpg?ago={seconds}"))
    except OSError:
        return False


@pytest.mark.timeout(180)
def test_a_strangers_tasks(browser: Browser, up: Up) -> None:
    pipeline = up(CARD, snapshot="history = 20")
    tab = Tab(browser, "about:blank")
    page = tab.page
    said = page.locator(".said")

    # "Make it brighter."
    stranger = Stranger(page, pipeline.url)
    tab.wait_for_pictures()
    stranger.click("[data-camera=front] .enlarge")
    page.wait_for_url(f"{pipeline.url}/camera/front/")
    wait_until(lambda: 150 < page.evaluate(CORNER) < 200, "the grey bar")
    stranger.click(".open-controls")
    page.locator("[data-control=brightness] input[type=range]").click(position={"x": 200, "y": 20})
    assert stranger.clicks + 1 <= MOST_CLICKS
    wait_until(lambda: page.evaluate(CORNER) > 200, "brighter")
    page.locator(".controls-undo").click()

    # "Find a still of ten seconds ago."
    wait_until(lambda: is_kept(pipeline, 10), "ten seconds of history", 60)
    stranger = Stranger(page, pipeline.url)
    tab.wait_for_pictures()
    stranger.click("[data-camera=front] .enlarge")
    page.wait_for_url(f"{pipeline.url}/camera/front/")
    stranger.click(".stills summary")
    with page.expect_download() as download:
        stranger.click(".stills button:has-text('10 seconds ago')")
    assert stranger.clicks <= MOST_CLICKS
    name = download.value.suggested_filename
    taken = datetime.strptime(name, "front-%Y-%m-%d_%H-%M-%S.jpg")
    assert 9 <= (datetime.now() - taken).total_seconds() < 60
    with Image.open(download.value.path()) as still:
        assert still.size == (320, 240)
    wait_until(
        lambda: re.fullmatch(rf"Saved {name} \(\d+ kB\), taken at .*\. Save again", said.inner_text()), "what was saved"
    )

    # Who watches, as it is an administrator who asks.
    wait_until(lambda: page.locator(".watchers .count").inner_text() == "1", "one who watches")
    page.locator(".watchers summary").click()
    assert page.locator(".watchers .menu-items").inner_text().startswith("127.0.0.1: the page, since ")
    page.keyboard.press("Escape")
    assert not page.locator(".watchers .menu-items").is_visible()

    # A clip, and what there is not.
    page.locator(".clips summary").click()
    with page.expect_download() as download:
        page.get_by_text("Last 10 seconds").click()
    assert re.fullmatch(r"front-.*\.avi", download.value.suggested_filename)
    assert Path(download.value.path()).read_bytes()[8:12] == b"AVI "
    page.locator(".stills summary").click()
    page.get_by_text("60 seconds ago").click()
    wait_until(lambda: said.inner_text().startswith("No still: nothing of that time is kept"), "why there is none")
    assert [text for text in tab.complaints if "404" not in text and "getImageData" not in text] == []

    # Picture in picture goes on in a hidden tab, and is honest there.
    page.locator(".own-window").click()
    wait_until(lambda: page.evaluate("!!document.pictureInPictureElement?.videoWidth"), "the small window")
    page.evaluate(HIDE)
    drawn = tab.drawn()
    wait_until(lambda: tab.drawn() > drawn + 20, "pictures, although the tab is hidden")
    wait_until(lambda: page.evaluate(CORNER_IN_WINDOW) > 150, "the grey bar")
    capture = pipeline.processes()["capture front"]
    os.kill(capture, 19)  # SIGSTOP: there, but silent
    wait_until(lambda: page.evaluate(CORNER_IN_WINDOW) < 100, "what is not live is dark", 30)
    os.kill(capture, 18)
    wait_until(lambda: page.evaluate(CORNER_IN_WINDOW) > 150, "live again", 30)
    page.evaluate("document.exitPictureInPicture()")
    wait_until(lambda: pipeline.cameras()[0]["viewers"] == 0, "a hidden tab costs nothing")
    page.close()

    # "Put it on the phone's home screen", where the browser has no prompt for that.
    for agent, how in PHONES.items():
        context = browser.new_context(user_agent=agent, viewport=PHONE, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
        phone = context.new_page()
        stranger = Stranger(phone, pipeline.url)
        stranger.click(".install")
        assert stranger.clicks <= MOST_CLICKS
        assert how in phone.locator(".install-dialog").inner_text()
        context.close()
