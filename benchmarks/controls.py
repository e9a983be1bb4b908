"""Controls on the page: from the move of a slider to the first changed picture of the camera, in Chromium."""

import json
from typing import TYPE_CHECKING

from benchmarks.demand import Running
from benchmarks.first_picture import VIEWPORT, chromium
from benchmarks.processes import BenchError, free_port
from benchmarks.results import percentiles
from benchmarks.session import Session
from benchmarks.table import number, table

if TYPE_CHECKING:
    from playwright.sync_api import Page

TITLE = "Controls: from the move of a slider to the first picture with the change, in Chromium, in ms"
KEY = "controls"
MOVES = 60
QUICK_MOVES = 10
PAUSES_MS = range(400, 433)
"""Before each move, in turn: all phases of a camera of 30 fps, longer than the page waits between two requests."""
CAMERA = 'source = "testcard"\nfps = 30'
DARK, LIGHT = 60, 150
"""Of the grey bar in the corner of the test card: below DARK at the least brightness, above LIGHT at the default."""
SHARES = ("p50", "p95")
MOVE = """([position, pause, dark, light]) => new Promise((resolve, reject) => {
    const view = document.querySelector("camera-view");
    const canvas = view.querySelector("canvas");
    const slider = document.querySelector("[data-control=brightness] input[type=range]");
    const isChanged = () => {
        const level = canvas.getContext("2d").getImageData(5, 5, 1, 1).data[0];
        return position === 0 ? level < dark : level > light;
    };
    setTimeout(() => {
        const began = performance.now();
        slider.value = String(position);
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        const look = () => {
            if (!isChanged()) return;
            view.removeEventListener("drawn", look);
            clearTimeout(limit);
            resolve(performance.now() - began);
        };
        const limit = setTimeout(() => reject(new Error("the picture did not change")), 10000);
        view.addEventListener("drawn", look);
    }, pause);
})"""
"""Moves the slider of brightness to a position after a pause; returns after how many ms a picture with it is drawn."""


def run(session: Session) -> None:
    """Move the slider of brightness to and fro. Raises SkippedBenchmark without playwright or Chromium."""
    port = free_port()
    with chromium() as browser, Running(session.new_folder(), CAMERA, port, {}):
        page = browser.new_page(viewport=VIEWPORT)  # type: ignore[arg-type]
        page.goto(f"http://127.0.0.1:{port}/camera/front/")
        page.locator("camera-view[data-state=live]").wait_for()
        page.locator(".open-controls").click()
        page.locator("[data-control=brightness] input[type=range]").wait_for()
        times = moves(page, QUICK_MOVES if session.quick else MOVES)
        page.close()
    session.results.add_ages(KEY, percentiles([ms / 1000 for ms in times]))
    session.progress(json.dumps([round(ms) for ms in sorted(times)]))
    print(report(session))


def moves(page: "Page", wanted: int) -> list[float]:
    """Return the ms of each move; the first one, which opens what is used once, is left out. Raises BenchError."""
    from playwright.sync_api import Error

    slider = page.locator("[data-control=brightness] input[type=range]")
    middle = int(slider.input_value())
    times = []
    try:
        for at in range(wanted + 1):
            position = 0 if at % 2 == 0 else middle
            times.append(float(page.evaluate(MOVE, [position, PAUSES_MS[at % len(PAUSES_MS)], DARK, LIGHT])))
    except Error as error:
        raise BenchError(f"a move of the slider: {error}") from None
    return times[1:]


def report(session: Session) -> str:
    """Return the table."""
    values = [number(session.results.value(f"{KEY}/{share}"), 0) for share in SHARES]
    return table(["", *SHARES], [["slider to picture (ms)", *values]])
