"""The time line under the picture of a camera's own page, in a real Chromium, with what the recorder wrote."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.e2e.conftest import Pipeline, Up
from tests.e2e.tab import Tab
from tests.framebus.recordings.segments import store
from tests.processes import wait_until

pytestmark = pytest.mark.browser

STORED_SECONDS = 20
STORED_AGO = 600
STEP_MS = 100
PHONE = {"width": 390, "height": 844}

WATCH = """() => {
    const view = document.querySelector("camera-view");
    window.shown = [];
    const note = () => window.shown.push([view.dataset.kind, view.dataset.state]);
    new MutationObserver(note).observe(view, {attributes: true});
}"""


class LookingBack(Tab):
    """The page of camera front, with its time line."""

    def __init__(self, browser: Browser, pipeline: Pipeline, query: str = "", viewport: Any = None) -> None:
        super().__init__(browser, f"{pipeline.url}/camera/front/{query}", viewport)
        wait_until(lambda: self.page.locator("time-line .track").count() == 1, "the time line")

    def line(self, name: str) -> str:
        """A data attribute of the time line."""
        value = self.page.evaluate("name => document.querySelector('time-line').dataset[name]", name)
        return str(value or "")

    def text(self, selector: str) -> str:
        """The text of a part of the time line."""
        return str(self.page.locator(f"time-line {selector}").inner_text())

    def wait_for_seq(self, seq: int) -> None:
        """Wait until this recorded frame is on the screen."""
        try:
            wait_until(lambda: self._shows(seq), f"recorded frame {seq}")
        except AssertionError as error:
            shown = f"{self.camera()} {self.line('at')} {self.line('mode')} {self.text('.notice')!r} {self.complaints}"
            raise AssertionError(f"{error}; {self.page.url} shows {shown}") from None

    def _shows(self, seq: int) -> bool:
        camera = self.camera()
        return camera.get("kind") == "recorded" and camera["seq"] == str(seq)

    def press(self, key: str, seq: int) -> None:
        """Press a key, and wait for the frame that it leads to."""
        self.page.keyboard.press(key)
        self.wait_for_seq(seq)

    def do(self, action: str) -> None:
        """Press a button."""
        self.page.locator(f"time-line [data-action={action}]").click()


def recorder(folder: Path, record: str) -> str:
    camera = f'[camera.front]\nsource = "testcard"\nsize = "320x240"\nfps = 10\nrecord = "{record}"\n'
    return f'{camera}[recorder]\nfolder = "{folder}"\n'


@pytest.fixture
def began(tmp_path: Path) -> float:
    """The moment of the first of the frames that were recorded long ago; their `seq` is their time in ms, and one."""
    began = round(time.time()) - STORED_AGO + 0.25
    store(tmp_path / "recordings", began, range(0, STORED_SECONDS * 1000, STEP_MS))
    return began


@pytest.fixture
def pipeline(up: Up, began: float, tmp_path: Path) -> Pipeline:
    """A camera that is always recorded, and was ten minutes ago."""
    return up(recorder(tmp_path / "recordings", "always"))


@pytest.fixture
def tab(browser: Browser, pipeline: Pipeline) -> Iterator[LookingBack]:
    tab = LookingBack(browser, pipeline)
    yield tab
    tab.page.close()


def link(moment: float) -> str:
    return f"?at={datetime.fromtimestamp(moment, UTC).isoformat(timespec='milliseconds')[:-6]}Z"


def test_each_recorded_frame_is_found_and_none_is_called_live(
    browser: Browser, pipeline: Pipeline, began: float
) -> None:
    tab = LookingBack(browser, pipeline, link(began + 5))
    tab.wait_for_seq(5001)
    tab.page.evaluate(WATCH)
    for key, seq in ((".", 5101), (".", 5201), (",", 5101), (",", 5001), (",", 4901)):
        tab.press(key, seq)
    tab.page.locator(".track").focus()
    for key, seq in (("ArrowRight", 5001), ("ArrowLeft", 4901), ("ArrowUp", 14901), ("ArrowDown", 4901)):
        tab.press(key, seq)
    assert tab.camera()["state"] == "recorded"
    assert tab.camera()["ageMs"] == ""
    assert "old" not in tab.page.locator(".facts").inner_text()
    shown_time = datetime.fromtimestamp(began + 4.9).strftime("%H:%M:%S")  # the browser's zone is this machine's
    assert tab.text(".moment") in tab.page.locator(".badge-text").inner_text()
    slider = tab.page.locator("[role=slider]")
    assert slider.get_attribute("aria-valuetext") == tab.text(".moment")
    assert shown_time[3:] in tab.text(".moment")
    tab.page.keyboard.press("l")
    tab.wait_for_state("live")
    assert tab.camera()["kind"] != "recorded"
    assert float(tab.camera()["ageMs"]) < 5000
    assert "?" not in tab.page.url
    shown = tab.page.evaluate("window.shown")
    assert ["recorded", "recorded"] in shown
    assert ["recorded", "live"] not in shown
    assert tab.complaints == []
    tab.page.close()


def test_dragging_shows_the_frame_under_the_finger(tab: LookingBack, began: float) -> None:
    tab.wait_for_pictures()
    track = tab.page.locator(".track")
    box = track.bounding_box()
    assert box is not None

    def axis() -> tuple[float, float]:
        """The first and the last moment of the track."""
        return float(track.get_attribute("aria-valuemin") or 0), float(track.get_attribute("aria-valuemax") or 0)

    def move_to(moment: float, steps: int = 1) -> None:
        begin, end = axis()
        x = box["x"] + box["width"] * (moment - begin) / (end - begin)
        tab.page.mouse.move(x, box["y"] + box["height"] - 8, steps=steps)

    begin, end = axis()
    move_to(began - 300)
    tab.page.mouse.down()
    move_to(began + 10, steps=20)
    wait_until(lambda: tab.camera().get("kind") == "recorded", "a recorded frame")
    wait_until(lambda: tab.line("at") == tab.camera().get("recordedAt"), "the frame under the finger")
    tab.page.mouse.up()
    assert abs(float(tab.line("at")) - (began + 10)) < 3 * (end - begin) / box["width"]
    tab.page.mouse.wheel(0, -600)
    wait_until(lambda: axis()[1] - axis()[0] < 0.5 * (end - begin), "less time on the track")
    assert axis()[0] < began + 10 < axis()[1]
    assert tab.complaints == []


def test_a_film_skips_a_gap_and_its_end_is_not_live(tab: LookingBack, pipeline: Pipeline, began: float) -> None:
    tab.page.goto(f"{pipeline.url}/camera/front/{link(began + 15)}")
    tab.wait_for_seq(15001)
    tab.page.locator(".speed").select_option("8")
    tab.page.locator(".moment").click()  # away from the list of speeds
    tab.page.keyboard.press("k")
    wait_until(lambda: tab.line("mode") == "playing", "a film")
    wait_until(lambda: "without recordings" in tab.text(".notice"), "the gap")
    wait_until(lambda: float(tab.line("at")) > began + STORED_SECONDS + 60, "frames after the gap")
    tab.do("play")
    wait_until(lambda: tab.line("mode") == "still", "a pause")
    assert tab.camera()["state"] == "recorded"
    tab.page.keyboard.press("j")
    wait_until(lambda: float(tab.line("at")) < began + STORED_SECONDS, "frames before the gap")
    wait_until(lambda: "recordings end here" in tab.text(".notice"), "the first frame", 30)
    tab.wait_for_seq(1)
    assert tab.camera()["state"] == "recorded"
    assert tab.complaints == []


def test_what_is_marked_can_be_kept_downloaded_and_linked(tab: LookingBack, pipeline: Pipeline, began: float) -> None:
    tab.page.goto(f"{pipeline.url}/camera/front/{link(began + 5)}")
    tab.wait_for_seq(5001)
    tab.page.keyboard.press("i")
    for seq in (5101, 5201):
        tab.press(".", seq)
    tab.page.keyboard.press("o")
    assert "1 second" in tab.text(".marked-text") or "0 seconds" in tab.text(".marked-text")
    with tab.page.expect_download() as download:
        tab.page.locator("time-line .download").click()
    assert download.value.suggested_filename.endswith("s.mkv")
    assert download.value.path().read_bytes().count(b"\xff\xd8\xff") == 3
    tab.do("keep")

    def kept() -> bool:
        listed = json.loads(pipeline.get(f"/api/cameras/front/recordings?from={began}&to={began + 20}"))
        return all(span["keep"] for span in listed["spans"])

    wait_until(kept, "a kept recording")
    wait_until(lambda: tab.text(".keep") == "No longer keep", "the page says that it is kept")
    tab.do("share")
    linked = tab.page.locator("time-line .link").input_value()
    assert "token" not in linked
    tab.page.goto(linked)
    tab.wait_for_seq(5201)
    assert tab.complaints == []


def test_the_button_records_and_the_page_says_what_the_recorder_does(browser: Browser, up: Up, tmp_path: Path) -> None:
    pipeline = up(recorder(tmp_path / "recordings", "on-demand"))
    tab = LookingBack(browser, pipeline, viewport=PHONE)
    wait_until(lambda: tab.text(".recorder-sentence") == "Recording begins when you press Record.", "the sentence")
    tab.do("record")
    wait_until(lambda: tab.text(".recorder-sentence") == "Recording until you stop it.", "a recording")
    wait_until(lambda: "kB held" in tab.text(".held"), "what the disk holds")
    tab.do("record")
    wait_until(lambda: tab.text(".recorder-sentence") == "Recording begins when you press Record.", "the end of it")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    tab.do("help")
    assert tab.page.locator("time-line .help").is_visible()
    tab.page.keyboard.press("Escape")
    assert tab.complaints == []
    tab.page.close()


def test_a_camera_that_is_not_recorded_has_no_time_line(browser: Browser, up: Up) -> None:
    tab = Tab(browser, f"{up().url}/camera/front/")
    tab.wait_for_pictures()
    assert tab.page.locator("time-line").count() == 0
    assert tab.complaints == []
    tab.page.close()
