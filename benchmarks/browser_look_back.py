"""A helper: the page of a camera in Chromium, on which moments of its recordings are pressed. Says how long each takes.

Each line of input has the address of a page, and how many moments to press. The answer has, in milliseconds, how long
each took from the press until its picture was painted; the first ones while the page asks which days are recorded.
"""

import json
import random
import shutil
import sys
from typing import Any

from playwright.sync_api import Page, sync_playwright

LIMIT_MS = 60_000
ZOOM_OUT = 12
"""Presses of the key that halves the zoom: from an hour to all of the time that the time line shows."""
EARLY = 5
"""Moments that are pressed while the page asks."""
NEAR_SECONDS = 0.3
"""A picture so near to the pressed moment is that of it."""
PRESS = """([x, near]) => new Promise((resolve) => {
    const track = document.querySelector("time-line .track");
    const line = document.querySelector("time-line");
    const view = document.querySelector("camera-view");
    const { left, bottom } = track.getBoundingClientRect();
    const values = { clientX: left + x, clientY: bottom - 8, pointerId: 1, pointerType: "touch", bubbles: true };
    const began = performance.now();
    track.dispatchEvent(new PointerEvent("pointerdown", values));
    const wanted = Number(line.dataset.at);
    track.dispatchEvent(new PointerEvent("pointerup", values));
    const isShown = () => Math.abs(Number(view.dataset.recordedAt) - wanted) < near;
    const drawn = () => {
        if (!isShown()) return;
        view.removeEventListener("drawn", drawn);
        const drawnAt = performance.now();
        // A message that is sent while a picture of the screen is prepared comes when that is done.
        requestAnimationFrame(() => {
            const channel = new MessageChannel();
            channel.port1.onmessage = () => resolve([performance.now() - began, drawnAt - began]);
            channel.port2.postMessage(null);
        });
    };
    view.addEventListener("drawn", drawn);
})"""


def main() -> None:
    """Open a browser, say so, and press moments as often as asked."""
    settings = json.loads(sys.argv[1])
    chance = random.Random(settings["seed"])
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        page = browser.new_page(viewport={"width": settings["width"], "height": settings["height"]})
        page.set_default_timeout(LIMIT_MS)
        print(json.dumps({"opened": True}), flush=True)
        for line in sys.stdin:
            print(json.dumps(look_back(page, chance, **json.loads(line))), flush=True)
        browser.close()


def look_back(page: Page, chance: random.Random, url: str, begin: float, end: float, moments: int) -> dict[str, Any]:
    """Press random moments between two times."""
    page.goto(url, wait_until="commit")
    page.wait_for_selector("time-line .track")
    page.locator("time-line .track").focus()
    for _ in range(ZOOM_OUT):
        page.keyboard.press("-")
    times = [page.evaluate(PRESS, [place(page, chance, begin, end), NEAR_SECONDS]) for _ in range(EARLY + moments)]
    return {"early": [total for total, _ in times[:EARLY]], "times": [total for total, _ in times[EARLY:]]}


def place(page: Page, chance: random.Random, begin: float, end: float) -> float:
    """A random place on the time line between two times, in CSS pixels from its left edge."""
    track = page.locator("time-line .track")
    first, last = (float(track.get_attribute(f"aria-value{name}") or 0) for name in ("min", "max"))
    width = track.bounding_box()["width"]  # type: ignore[index]
    first_x, last_x = (width * (time - first) / (last - first) for time in (begin, end))
    return chance.uniform(max(1.0, first_x + 1), min(width, last_x) - 1)


if __name__ == "__main__":
    main()
