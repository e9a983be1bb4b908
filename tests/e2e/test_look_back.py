"""The time line under the picture of a camera's own page, in a real Chromium, with what the recorder wrote."""

import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Route

from gateway.cameras.exports import NEEDS_AV
from tests.conftest import write_config
from tests.e2e.conftest import STRICT, Pipeline
from tests.e2e.looking_back import CAMERAS, WATCH, LookingBack, happen, link, report
from tests.e2e.tab import Tab
from tests.e2e.test_page_without_websocket import NO_WEBSOCKET
from tests.framebus.publisher import Publisher
from tests.framebus.recordings.segments import jpeg, store
from tests.ports import free_ports
from tests.processes import Running, python, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.medium]

STORED_SECONDS, STORED_AGO = 20, 600
STEP_MS = 100
EVENT_AT = 12
"""The event begins so many seconds after the first frame, and a little more: no frame is as exact."""
PHONE = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Recorded:
    """A pipeline whose camera front is always recorded, and was ten minutes ago; yard on demand, cellar not.

    Nor is attic, of which there are recordings.
    """

    pipeline: Pipeline
    began: float
    """The moment of the first of the frames of then; their `seq` is their time in ms, and one."""
    folder: Path

    def page(self, query: str = "") -> str:
        """The address of front's own page."""
        return f"{self.pipeline.url}/camera/front/{query}"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    run_dir = Path(tempfile.mkdtemp(prefix="framebus-"))
    folder = tmp_path_factory.mktemp("recordings")
    began = round(time.time()) - STORED_AGO + 0.25
    file = store(folder, began, range(0, STORED_SECONDS * 1000, STEP_MS))
    shutil.copytree(file.parent, folder / "attic" / file.parent.name)
    event = {"id": "e-1", "type": "motion", "start": began + EVENT_AT + 0.05, "end": began + 14, "score": 0.8}
    (file.parent / "events.jsonl").write_text(json.dumps({**event, "box": [0, 0, 1, 1], "seen": began + 14}) + "\n")
    (port,) = free_ports(1)
    tables = f'state_dir = "{run_dir}/state"\n{CAMERAS}[recorder]\nfolder = "{folder}"\n'
    config = write_config(run_dir, port, tables, "")
    log = tmp_path_factory.mktemp("up") / "log"
    up = Running(*python("framebus", "up", "--config", str(config.path)), log=log, environment=STRICT)
    pipeline = Pipeline(config, up)
    try:
        pipeline.wait_until_whole()
        yield Recorded(pipeline, began, folder)
    finally:
        up.close()
        shutil.rmtree(run_dir, ignore_errors=True)


@pytest.fixture
def tab(browser: Browser, recorded: Recorded) -> Iterator[LookingBack]:
    """The page at the moment of the frame 5001."""
    tab = LookingBack(browser, recorded.page(link(recorded.began + 5)))
    tab.wait_for_seq(5001)
    yield tab
    assert tab.complaints == []
    tab.page.close()


def test_each_recorded_frame_is_found_and_none_is_called_live(tab: LookingBack, recorded: Recorded) -> None:
    tab.page.evaluate(WATCH)
    for key, seq in ((".", 5101), (".", 5201), (",", 5101), (",", 5001), (",", 4901)):
        tab.press(key, seq)
    tab.page.locator(".track").focus()
    for key, seq in (("ArrowRight", 5001), ("ArrowLeft", 4901), ("ArrowUp", 14901), ("ArrowDown", 4901)):
        tab.press(key, seq)
    assert tab.camera()["state"] == "recorded"
    assert tab.camera()["ageMs"] == ""
    assert "old" not in tab.page.locator(".facts").inner_text()
    minute = datetime.fromtimestamp(recorded.began + 4.9).strftime("%M:%S")
    assert tab.text(".moment") in tab.page.locator(".badge-text").inner_text()
    slider = tab.page.locator("[role=slider]")
    assert slider.get_attribute("aria-valuetext") == tab.text(".moment")
    assert minute in tab.text(".moment")
    tab.page.keyboard.press("l")
    tab.wait_for_state("live")
    assert tab.camera()["kind"] != "recorded"
    assert float(tab.camera()["ageMs"]) < 5000
    assert "?" not in tab.page.url
    shown = tab.page.evaluate("window.shown")
    assert ["recorded", "recorded"] in shown
    assert ["recorded", "live"] not in shown


def test_the_tools_are_below_the_time_line_that_comes_after_them(tab: LookingBack) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    tab.page.route("**/front/recorder", hold)
    tab.page.reload()
    tab.page.locator(".single-bar").wait_for()
    wait_until(lambda: tab.page.title() and held, "that the recorder is asked")
    held[0].continue_()
    tab.page.locator("time-line").wait_for()
    parts = tab.page.evaluate("[...document.querySelector('camera-view').children].map((part) => part.localName)")
    assert parts[:3] == ["div", "time-line", "div"]


def test_dragging_shows_the_frame_under_the_finger(tab: LookingBack, recorded: Recorded) -> None:
    began = recorded.began
    track = tab.page.locator(".track")
    box = track.bounding_box()
    assert box is not None

    def move_to(moment: float, steps: int = 1) -> None:
        begin, end = tab.axis()
        x = box["x"] + box["width"] * (moment - begin) / (end - begin)
        tab.page.mouse.move(x, box["y"] + box["height"] - 8, steps=steps)

    begin, end = tab.axis()
    move_to(began - 200)
    tab.page.mouse.down()
    move_to(began + 10, steps=20)
    wait_until(lambda: tab.line("at") == tab.camera().get("recordedAt"), "the frame under the finger")
    tab.page.mouse.up()
    assert abs(float(tab.line("at")) - (began + 10)) < 3 * (end - begin) / box["width"]
    tab.page.mouse.wheel(0, -600)
    wait_until(lambda: tab.axis()[1] - tab.axis()[0] < 0.5 * (end - begin), "less time on the track")
    assert tab.axis()[0] < began + 10 < tab.axis()[1]


def test_a_film_skips_a_gap_and_its_end_is_not_live(tab: LookingBack, recorded: Recorded) -> None:
    began = recorded.began
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


def test_what_is_marked_can_be_kept_downloaded_and_linked(tab: LookingBack, recorded: Recorded) -> None:
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
        path = f"/api/cameras/front/recordings?from={recorded.began}&to={recorded.began + STORED_SECONDS}"
        listed = json.loads(recorded.pipeline.get(path))
        return all(span["keep"] for span in listed["spans"])

    wait_until(kept, "a kept recording")
    wait_until(lambda: tab.text(".keep") == "No longer keep", "the page says that it is kept")
    tab.do("share")
    linked = tab.page.locator("time-line .link").input_value()
    assert "token" not in linked
    tab.page.goto(linked)
    tab.wait_for_seq(5201)
    with tab.page.expect_download() as still:
        tab.page.locator("a.still").click()
    day = datetime.fromtimestamp(recorded.began + 5.2).strftime("%Y-%m-%d_%H-%M-%S")
    assert still.value.suggested_filename == f"front-{day}.jpg"
    assert still.value.path().read_bytes() == jpeg(52), "what is saved is what is shown"


def test_recordings_of_a_camera_that_is_no_longer_recorded_can_be_kept(browser: Browser, recorded: Recorded) -> None:
    tab = LookingBack(browser, f"{recorded.pipeline.url}/camera/attic/{link(recorded.began + 5)}")
    wait_until(lambda: tab.camera("attic").get("seq") == "5001", "the recorded frame")
    for key in ("i", ".", "o"):
        tab.page.keyboard.press(key)
    tab.do("keep")
    wait_until(lambda: any((recorded.folder / "attic").rglob("*_keep.mkv")), "a kept recording")
    assert tab.complaints == []
    tab.page.close()


def test_what_is_marked_can_be_had_as_a_film_in_h264(tab: LookingBack, recorded: Recorded) -> None:
    tab.page.keyboard.press("i")
    tab.page.locator(".track").focus()
    tab.press("ArrowUp", 15001)
    tab.page.keyboard.press("o")
    missing = json.dumps({"error": {"code": "not-available", "message": NEEDS_AV}})
    tab.page.route("**/recordings/export", lambda route: route.fulfill(status=501, body=missing))
    tab.do("film")
    wait_until(lambda: "python3-av" in tab.text(".film-line"), "what the server needs")
    tab.page.unroute("**/recordings/export")
    pytest.importorskip("av")
    films = Path(f"{recorded.pipeline.config.state_dir}/exports")
    tab.do("film")
    wait_until(lambda: any(films.glob("*/job.json")), "a film on the server")
    tab.page.locator(".film-cancel").click()
    wait_until(lambda: not any(films.glob("*/job.json")), "that it is no longer made")
    assert tab.page.locator(".film-line").is_hidden()
    with tab.page.expect_download(timeout=120_000) as download:
        tab.do("film")
    assert download.value.suggested_filename.endswith("_10s.mp4")
    assert download.value.path().read_bytes()[4:8] == b"ftyp"
    wait_until(tab.page.locator(".film-line").is_hidden, "the end of the film")
    assert all("501" in complaint or "404" in complaint for complaint in tab.complaints)
    tab.complaints.clear()


def test_events_lead_to_their_moments(tab: LookingBack) -> None:
    tab.press("n", EVENT_AT * 1000 + 1)
    tab.page.keyboard.press("n")
    wait_until(lambda: "no later event" in tab.text(".notice"), "the end of the events")
    tab.press(".", EVENT_AT * 1000 + 101)
    tab.press(".", EVENT_AT * 1000 + 201)
    tab.press("b", EVENT_AT * 1000 + 1)


@pytest.fixture
def publisher(recorded: Recorded) -> Iterator[Publisher]:
    """In place of the process `motion`, which does not run."""
    made = Publisher(f"ipc://{recorded.pipeline.config.run_dir}/events")
    yield made
    made.close()


def test_an_event_is_on_the_time_line_as_it_happens(tab: LookingBack, recorded: Recorded, publisher: Publisher) -> None:
    tab.press("n", EVENT_AT * 1000 + 1)

    def shown() -> bool:
        tab.page.keyboard.press("n")
        return tab.camera()["seq"] == "16001"

    report(publisher, happen(recorded.began, "pushed", 16, "end", 1.0), shown, "the event that nobody has asked for")
    tab.press("b", EVENT_AT * 1000 + 1)


def test_a_tile_has_a_mark_of_its_last_events(browser: Browser, recorded: Recorded, publisher: Publisher) -> None:
    tab = Tab(browser, f"{recorded.pipeline.url}/")
    marks = tab.page.locator(".last-event")
    wait_until(lambda: marks.count() == 1, "the mark of front, and none of cameras without events")
    assert datetime.fromtimestamp(recorded.began + EVENT_AT).strftime(":%M") in marks.inner_text()
    label = str(marks.get_attribute("aria-label"))
    assert label.startswith("front: 1 event in the last hour, at "), label
    began = happen(recorded.began, "e-1", EVENT_AT, "start", 1.0)
    report(publisher, began, lambda: marks.get_attribute("data-now") == "true", "that it is in progress")
    assert "Show its beginning" in str(marks.get_attribute("aria-label"))
    ended = happen(recorded.began, "e-1", EVENT_AT + 1, "end", 2.0)
    report(publisher, ended, lambda: marks.get_attribute("data-now") == "false", "its end")
    marks.focus()
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_url("**/camera/front/?at=*")
    wait_until(lambda: tab.camera().get("seq") == str(EVENT_AT * 1000 + 1), "the frame of the event")
    assert tab.complaints == []
    tab.page.close()


def test_a_mark_ends_with_the_connection(browser: Browser, recorded: Recorded, publisher: Publisher) -> None:
    tab = Tab(browser, "about:blank")
    opened: list[Any] = []  # of WebSocketRoute, which the oldest playwright lacks
    tab.page.route_web_socket("**/ws", lambda one: opened.append(one if opened else one.connect_to_server()))
    tab.page.goto(f"{recorded.pipeline.url}/")
    mark = tab.page.locator(".last-event")
    began = happen(recorded.began, "e-1", EVENT_AT, "start", 3.0)
    report(publisher, began, lambda: mark.get_attribute("data-now") == "true", "that it is in progress")
    opened[0].close()
    wait_until(lambda: tab.connection() == "lost" and mark.get_attribute("data-now") == "false", "no event")
    report(publisher, happen(recorded.began, "e-1", EVENT_AT + 1, "end", 4.0), lambda: True, "its end")
    tab.page.close()


def test_another_day_can_be_looked_at_while_a_film_runs(tab: LookingBack) -> None:
    tab.page.locator(".speed").select_option("0.125")
    tab.page.locator(".moment").click()
    tab.page.keyboard.press("k")
    wait_until(lambda: tab.line("mode") == "playing", "a film")
    begin, _ = tab.axis()
    tab.page.locator("time-line .date").fill("2026-01-02")
    wait_until(lambda: tab.axis()[0] < begin - 86400, "another day")
    at = tab.line("at")
    wait_until(lambda: tab.line("at") > at, "the next frames of the film")
    assert tab.axis()[0] < begin - 86400, "the film has not taken it away"
    tab.page.locator(".moment").click()  # out of the field
    tab.page.keyboard.press("n")
    wait_until(lambda: float(tab.line("at")) > float(at) + 5, "the event")
    assert tab.line("mode") == "playing"
    assert tab.page.locator(".speed").input_value() == "0.125"


def test_the_last_seconds_can_be_seen_while_they_are_recorded(browser: Browser, recorded: Recorded) -> None:
    tab = LookingBack(browser, recorded.page())
    tab.wait_for_pictures()
    tab.page.keyboard.press("k")
    wait_until(lambda: tab.camera().get("kind") == "recorded", "recorded frames")
    assert tab.axis()[1] > float(tab.line("at")) > time.time() - 60
    tab.page.keyboard.press("k")
    wait_until(lambda: tab.line("mode") == "still", "a pause")
    tab.do("live")
    tab.wait_for_state("live")
    assert tab.complaints == []
    tab.page.close()


def test_the_button_records_and_the_page_says_what_the_recorder_does(browser: Browser, recorded: Recorded) -> None:
    tab = LookingBack(browser, f"{recorded.pipeline.url}/camera/yard/", PHONE)
    wait_until(lambda: tab.text(".recorder-sentence") == "Recording begins when you press Record.", "the sentence")
    tab.do("record")
    wait_until(lambda: tab.text(".recorder-sentence") == "Recording until you stop it.", "a recording")
    wait_until(lambda: " held" in tab.text(".held"), "what the disk holds")
    tab.do("record")
    wait_until(lambda: tab.text(".recorder-sentence") == "Recording begins when you press Record.", "the end of it")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    tab.do("help")
    help = tab.page.locator(".keys-dialog")
    help.wait_for()
    assert help.locator("h3").all_inner_texts() == [
        "Everywhere",
        "Picture",
        "Time line",
        "While the time line has the focus",
    ]
    assert "Fullscreen" in help.inner_text()
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    tab.page.keyboard.press("f")
    assert tab.page.evaluate("document.body.dataset.full") is None, "a dialog keeps the keys"
    tab.page.keyboard.press("Escape")
    assert not help.is_visible()
    assert tab.complaints == []
    tab.page.close()


def test_a_camera_that_is_not_recorded_has_no_time_line(browser: Browser, recorded: Recorded) -> None:
    tab = Tab(browser, f"{recorded.pipeline.url}/camera/cellar/")
    tab.wait_for_pictures("cellar")
    assert tab.page.locator("time-line").count() == 0
    assert tab.complaints == []
    tab.page.close()


def test_the_time_line_comes_when_the_recorder_does(browser: Browser, recorded: Recorded) -> None:
    recorder = recorded.pipeline.processes()["recorder"]
    os.kill(recorder, signal.SIGSTOP)
    try:
        tab = Tab(browser, "about:blank")
        said: list[str] = []
        tab.page.on("console", lambda message: said.append(message.text))
        tab.page.goto(f"{recorded.pipeline.url}/camera/front/")
        wait_until(lambda: bool(tab.page.title()) and any("no time line" in text for text in said), "no answer", 60)
    finally:
        os.kill(recorder, signal.SIGCONT)
    wait_until(lambda: tab.page.locator("time-line .track").count() == 1, "the time line", 60)
    tab.page.close()


def test_without_a_websocket_there_are_stills_of_recordings_and_no_films(browser: Browser, recorded: Recorded) -> None:
    tab = Tab(browser, "about:blank")
    tab.page.add_init_script(NO_WEBSOCKET)
    tab.page.goto(recorded.page(link(recorded.began + 5)))
    shown = "Number(document.querySelector('camera-view').dataset.recordedAt)"
    wait_until(lambda: abs(tab.page.evaluate(shown) - recorded.began - 5) < 0.1, "the recorded still", 60)
    tab.page.locator(".track").focus()
    tab.page.keyboard.press("ArrowUp")
    wait_until(lambda: abs(tab.page.evaluate(shown) - recorded.began - 15) < 0.1, "another one")
    assert tab.camera()["state"] == "recorded"
    tab.page.keyboard.press("k")
    notice = tab.page.locator("time-line .notice")
    wait_until(lambda: "there are no films" in notice.inner_text(), "why nothing plays")
    tab.page.keyboard.press("l")
    wait_until(lambda: tab.camera()["kind"] != "recorded", "the stream")
    tab.page.keyboard.press("k")
    wait_until(lambda: tab.camera()["kind"] == "recorded", "the still where the film would begin")
    tab.page.close()
