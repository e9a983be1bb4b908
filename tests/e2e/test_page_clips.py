"""The time of each picture is drawn into what the page saves, where a person wants it: stills, clips, recordings."""

import base64
import io
import json
import struct
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Pipeline, Up
from tests.e2e.looking_back import link
from tests.e2e.tab import Tab
from tests.processes import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.medium]

SIZE = (320, 240)
CORNER = (0, 210, 160, 240)
"""The time is drawn there; the test card is dark."""
BRIGHT = 170
SHOWN, NOT_SHOWN = 0.6, 0.4
"""Shares of the pixels in which two times differ; a JPEG of so small a text is not exact."""
WANT_TIMES = f"localStorage.setItem('framebus.grid', JSON.stringify({json.dumps({'timestamps': True})}))"
DRAWN = """async (seconds) => {
    const folder = new URL("..", document.querySelector('script[type="module"]').src + "/x");
    const { stamped, stampText } = await import(new URL("camera/timestamp.js", folder).href);
    const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 240 });
    canvas.getContext("2d", { alpha: false });
    const black = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg"));
    const { jpeg } = await stamped(black, stampText(seconds));
    const reader = new FileReader();
    const read = new Promise((resolve) => (reader.onload = resolve));
    reader.readAsDataURL(jpeg);
    await read;
    return reader.result.split(",")[1];
}"""
"""A black picture with a time, as the page draws it."""


def ink(jpeg: bytes) -> set[tuple[int, int]]:
    """The bright pixels at the lower left."""
    with Image.open(io.BytesIO(jpeg)) as picture:
        assert picture.size == SIZE
        corner = picture.convert("L").crop(CORNER)
    return {(at % corner.width, at // corner.width) for at, level in enumerate(corner.tobytes()) if level > BRIGHT}


def shows(page: Page, jpeg: bytes, seconds: float) -> bool:
    """Whether this time is drawn into a picture, and not one of a second before or after."""
    right, *others = (ink(base64.b64decode(page.evaluate(DRAWN, seconds + more))) for more in (0, -1, 1))
    found = ink(jpeg)
    return all(share(right - other, found) > SHOWN and share(other - right, found) < NOT_SHOWN for other in others)


def share(wanted: set[tuple[int, int]], found: set[tuple[int, int]]) -> float:
    """How much of what is wanted is found, from 0 to 1."""
    return len(wanted & found) / len(wanted)


def frames(file: Path) -> list[tuple[float, bytes]]:
    """The moment and the picture of each frame of an AVI."""
    data = file.read_bytes()
    assert data[8:12] == b"AVI "
    movi, index, times = data.index(b"movi"), data.rindex(b"idx1"), data.rindex(b"time")
    found = []
    for at, entry in enumerate(struct.iter_unpack("<4sIII", data[index + 8 : times])):
        _, _, offset, size = entry
        (captured,) = struct.unpack_from("<q", data, times + 8 + 8 * at)
        found.append((captured / 1e6, data[movi + offset + 8 : movi + offset + 8 + size]))
    return found


def spans(pipeline: Pipeline) -> list[dict[str, float]]:
    """What is recorded."""
    listed: list[dict[str, float]] = json.loads(pipeline.get("/api/cameras/front/recordings"))["spans"]
    return listed


def recorded_seconds(pipeline: Pipeline) -> float:
    """How long the first recording is."""
    return spans(pipeline)[0]["end"] - spans(pipeline)[0]["begin"] if spans(pipeline) else 0.0


def test_stills_clips_and_recordings_have_the_time_drawn(browser: Browser, up: Up, tmp_path: Path) -> None:
    camera = '[camera.front]\nsource = "testcard"\nsize = "320x240"\nfps = 10\nrecord = "always"\n'
    pipeline = up(f'{camera}[recorder]\nfolder = "{tmp_path}/recordings"\n', snapshot="history = 10")
    tab = Tab(browser, f"{pipeline.url}/camera/front/")
    page = tab.page
    page.evaluate(WANT_TIMES)
    page.reload()
    tab.wait_for_pictures()

    page.locator(".stills summary").click()
    with page.expect_download() as download:
        page.locator(".stills").get_by_text("Now", exact=True).click()
    assert len(ink(Path(download.value.path()).read_bytes())) > 100

    wait_until(lambda: tab.drawn() > 25, "some seconds of history")
    page.locator(".clips summary").click()
    with page.expect_download() as download:
        page.get_by_text("Last 10 seconds").click()
    clip = frames(Path(download.value.path()))
    assert len(clip) > 20
    with page.expect_download() as again:  # Safari on an iPhone saves only what a person asks for at that moment
        page.locator(".said .save-again").click()
    assert again.value.suggested_filename == download.value.suggested_filename
    assert frames(Path(again.value.path())) == clip
    for captured, jpeg in (clip[0], clip[-1]):
        assert shows(page, jpeg, captured)
        assert not shows(page, jpeg, captured + 1)

    wait_until(lambda: recorded_seconds(pipeline) > 2, "a recording")
    begin = spans(pipeline)[0]["begin"]
    page.goto(f"{pipeline.url}/camera/front/{link(begin + 1)}")
    wait_until(lambda: tab.camera().get("kind") == "recorded", "the recorded picture")
    page.keyboard.press("i")
    for _ in range(3):
        seq = tab.camera()["seq"]
        page.keyboard.press(".")
        wait_until(lambda seq=seq: tab.camera()["seq"] != seq, "the next recorded picture")  # type: ignore[misc]
    page.keyboard.press("o")
    with page.expect_download() as download:
        page.locator("time-line .download").click()
    assert download.value.suggested_filename.endswith(".avi")
    recorded = frames(Path(download.value.path()))
    assert len(recorded) >= 3
    assert all(shows(page, jpeg, captured) for captured, jpeg in recorded[:2])
    assert tab.complaints == []
    page.close()
