"""The page in browsers that do not run its script, or do not understand it."""

import io

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Pipeline
from tests.processes import wait_until

pytestmark = pytest.mark.browser

STREAM = "img[src*='stream.mjpg']"
NOT_UNDERSTOOD = "class View { #private() {} } ; x ??== 1;"


def moves(page: Page) -> bool:
    """Whether the image shows another picture than a moment ago, and each is one."""
    shown = []
    for _ in range(2):
        with Image.open(io.BytesIO(page.locator(STREAM).screenshot())) as picture:
            shown.append(picture.convert("RGB").resize((64, 48)).tobytes())
        page.wait_for_timeout(300)
    return shown[0] != shown[1] and all(len(set(picture)) > 20 for picture in shown)


def test_without_scripts_the_stream_is_shown(browser: Browser, pipeline: Pipeline) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(pipeline.url, wait_until="commit")
    wait_until(lambda: page.locator(STREAM).count() == 1, "the stream")
    wait_until(lambda: moves(page), "pictures that move")
    context.close()


@pytest.mark.slow
def test_where_the_script_is_not_understood_the_stream_is_shown(browser: Browser, pipeline: Pipeline) -> None:
    page = browser.new_page()
    script = {"body": NOT_UNDERSTOOD, "content_type": "text/javascript"}
    page.route("**/app.js", lambda route: route.fulfill(**script))
    page.goto(pipeline.url, wait_until="commit")
    wait_until(lambda: page.locator(STREAM).count() == 1, "the stream")
    wait_until(lambda: moves(page), "pictures that move")
    page.route("**/settings/settings.js", lambda route: route.fulfill(**script))
    page.goto(f"{pipeline.url}/settings")
    wait_until(lambda: page.get_by_text("They need a browser of the end of 2020").is_visible(), "why they are empty")
    page.close()


@pytest.mark.slow
def test_where_the_script_runs_there_is_no_plain_page(browser: Browser, pipeline: Pipeline) -> None:
    page = browser.new_page()
    page.goto(pipeline.url)
    wait_until(lambda: page.evaluate("document.readyState") == "complete", "the page")
    wait_until(lambda: page.locator("camera-view[data-state=live]").count() == 1, "the camera")
    assert page.locator(STREAM).count() == 0
    page.close()
