"""The pages in Firefox: all cameras, the wall, one camera with its controls and time line, and the settings."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.conftest import Up
from tests.e2e.firefox import Firefox, firefox

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CAMERA = '[camera.front]\nsource = "testcard"\nsize = "320x240"\nfps = 10\nrecord = "always"\n'
SECONDS = 60.0
POLL_SECONDS = 0.05
LIVE = "document.querySelector('camera-view')?.dataset.state === 'live' && document.body.dataset.tools === 'ready'"
CORNER = "document.querySelector('canvas').getContext('2d').getImageData(5, 5, 1, 1).data[0]"
BRIGHTER = """(() => {
    const slider = document.querySelector("[data-control=brightness] input[type=range]");
    slider.value = slider.max;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    return true;
})()"""


async def until(browser: Firefox, condition: str) -> None:
    """Wait until an expression is true."""
    deadline = time.monotonic() + SECONDS
    while not await browser.evaluate(condition):
        assert time.monotonic() < deadline, f"not in {SECONDS:g} s: {condition}"
        await asyncio.sleep(POLL_SECONDS)


async def visit(url: str, profile: Path) -> list[str]:
    """Use all of them; returns what Firefox complained of."""
    async with firefox(profile) as browser:
        await browser.note_complaints()
        await browser.go_to(url)
        await until(browser, LIVE)
        await browser.evaluate("document.querySelector('.arrange').click()")
        await until(browser, "document.querySelector('.arrange-dialog').open")
        await browser.go_to(f"{url}/?wall")
        await until(browser, f"{LIVE} && document.body.dataset.wall === 'true' && innerHeight > 0")
        await until(browser, "getComputedStyle(document.querySelector('.top')).display === 'none'")

        await browser.go_to(f"{url}/camera/front/")
        await until(browser, LIVE)
        grey = await browser.evaluate(CORNER)
        await browser.evaluate("document.querySelector('.open-controls').click()")
        await until(browser, "document.querySelector('[data-control=brightness] input[type=range]') !== null")
        assert await browser.evaluate(BRIGHTER)
        await until(browser, f"{CORNER} > {grey} + 20")
        await browser.evaluate("document.querySelector('.controls-undo').click()")
        await until(browser, f"{CORNER} < {grey} + 20")
        await until(browser, "document.querySelector('time-line .track') !== null")
        await browser.evaluate("document.querySelector('[data-action=stepBack]').click()")
        await until(browser, "document.querySelector('camera-view').dataset.state === 'recorded'")
        await browser.evaluate("document.querySelector('[data-action=live]').click()")
        await until(browser, LIVE)

        await browser.go_to(f"{url}/settings")
        await until(browser, "document.body.dataset.ready === ''")
        await until(browser, "document.querySelector('[data-camera=front] img').naturalWidth > 0")
        return browser.complaints


def test_the_pages_work_in_firefox(up: Up, tmp_path: Path) -> None:
    pipeline = up(f'{CAMERA}[recorder]\nfolder = "{tmp_path / "recordings"}"\n')
    with ThreadPoolExecutor() as elsewhere:  # playwright has a loop in this thread
        assert elsewhere.submit(asyncio.run, visit(pipeline.url, tmp_path / "profile")).result() == []
