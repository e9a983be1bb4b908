"""`?adapt=1` in the programs that the documentation names: they show smaller pictures and larger ones again."""

import asyncio
import re
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser

from tests.e2e.conftest import Pipeline, Up
from tests.e2e.firefox import Firefox, firefox
from tests.processes import wait_until
from tests.programs import need
from tests.slow_relay import SlowRelay

pytestmark = [pytest.mark.slow, pytest.mark.timeout(330)]

CAMERA = '[camera.front]\nsource = "testcard"\nsize = "1280x720"\nfps = 30\n'
FULL = 1280
SLOW, FAST = 50_000, 50_000_000
"""Bytes a second: about one picture of full size, and more than there are."""
SECONDS = 60.0
AGAIN_SECONDS = 200.0
"""A larger size comes after seven seconds at the earliest, or two minutes later where the first attempt fails."""
POLL_SECONDS = 0.2
"""Between two questions to Firefox, which needs the processor to draw."""
WIDTH = "document.images.length ? document.images[0].naturalWidth : 0"


@pytest.fixture
def wide(up: Up) -> Pipeline:
    """One camera of 1280x720."""
    return up(CAMERA)


@pytest.fixture
def link(wide: Pipeline) -> Iterator[SlowRelay]:
    """A link to the gateway that is fast at first."""
    with SlowRelay(int(wide.url.rpartition(":")[2]), FAST) as relay:
        yield relay


def stream(link: SlowRelay) -> str:
    """The address of the stream behind the link."""
    return f"http://127.0.0.1:{link.port}/camera/front/stream.mjpg?adapt=1"


@pytest.mark.browser
def test_chromium_shows_both_sizes(browser: Browser, link: SlowRelay) -> None:
    page = browser.new_page()
    page.goto(stream(link), wait_until="commit")
    wait_until(lambda: page.evaluate(WIDTH) == FULL, "full size", SECONDS)
    link.bytes_per_second = SLOW
    wait_until(lambda: 0 < page.evaluate(WIDTH) < FULL, "a smaller size", SECONDS)
    before = page.screenshot()
    wait_until(lambda: page.screenshot() != before, "another picture of it", SECONDS)
    link.bytes_per_second = FAST
    wait_until(lambda: page.evaluate(WIDTH) == FULL, "full size again", AGAIN_SECONDS)
    before = page.screenshot()
    wait_until(lambda: page.screenshot() != before, "another picture of it", SECONDS)
    page.close()


async def until_width(browser: Firefox, least: int, most: int, seconds: float = SECONDS) -> None:
    """Wait until the picture is so wide, and then for another one."""
    deadline = time.monotonic() + seconds
    while not least <= (await browser.evaluate(WIDTH) or 0) <= most:
        assert time.monotonic() < deadline, f"no picture of {least} to {most} pixels"
        await asyncio.sleep(POLL_SECONDS)
    before = await browser.screenshot()
    while await browser.screenshot() == before:
        assert time.monotonic() < deadline, "no other picture"
        await asyncio.sleep(POLL_SECONDS)


async def in_firefox(link: SlowRelay, profile: Path) -> None:
    """See both sizes."""
    async with firefox(profile) as browser:
        await browser.go_to(stream(link))
        await until_width(browser, FULL, FULL)
        link.bytes_per_second = SLOW
        await until_width(browser, 1, FULL - 1)
        link.bytes_per_second = FAST
        await until_width(browser, FULL, FULL, AGAIN_SECONDS)


@pytest.mark.browser
def test_firefox_shows_both_sizes(link: SlowRelay, tmp_path: Path) -> None:
    with ThreadPoolExecutor() as elsewhere:  # playwright has a loop in this thread
        elsewhere.submit(asyncio.run, in_firefox(link, tmp_path)).result()


def test_ffmpeg_decodes_both_sizes(link: SlowRelay) -> None:
    command = [need("ffmpeg"), "-f", "mpjpeg", "-i", stream(link), "-vf", "showinfo", "-f", "null", "-"]
    widths: list[int] = []
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as process:

        def read() -> None:
            assert process.stderr is not None
            for line in process.stderr:
                if found := re.search(r"Parsed_showinfo.* s:(\d+)x\d+ ", line):
                    widths.append(int(found[1]))

        reader = Thread(target=read)
        reader.start()
        try:
            wait_until(lambda: widths[-1:] == [FULL], "full size", SECONDS)
            link.bytes_per_second = SLOW
            wait_until(lambda: widths[-1] < FULL, "a smaller size", SECONDS)
            link.bytes_per_second = FAST
            wait_until(lambda: widths[-1] == FULL, "full size again", AGAIN_SECONDS)
            assert process.poll() is None
        finally:
            process.kill()
            reader.join()
