"""A helper: the page in Chromium, behind whatever link its process runs behind. Says what the page shows.

Each line of input is a number of seconds to watch. The answer has, over this time, the ages of the pictures on the
screen, sampled twelve times a second, the pictures drawn per second and camera, the states shown, and each change of
size.
"""

import json
import shutil
import sys
import time
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.results import percentiles

SAMPLE_SECONDS = 1 / 12
LOOK = """() => [...document.querySelectorAll("camera-view")].map((view) => ({ ...view.dataset }))"""


def main() -> None:
    """Open the page, say so, and watch as often as asked."""
    settings = json.loads(sys.argv[1])
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        page = browser.new_page(viewport={"width": settings["width"], "height": settings["height"]})
        page.goto(settings["url"], wait_until="commit", timeout=60_000)
        page.wait_for_selector("camera-view[data-kind]", state="attached", timeout=60_000)
        answer({"opened": True})
        for line in sys.stdin:
            answer(watch(page, float(line)))
        browser.close()


def answer(content: dict[str, Any]) -> None:
    """Write a line."""
    print(json.dumps(content), flush=True)


def watch(page: Page, seconds: float) -> dict[str, Any]:
    """Watch the page."""
    first = last = page.evaluate(LOOK)
    began = looked_at = time.monotonic()
    ages: list[float] = []
    states: dict[str, int] = {}
    kinds = {view["camera"]: view.get("kind", "") for view in first}
    changes = []
    while (now := time.monotonic()) - began < seconds:
        last = page.evaluate(LOOK)
        looked_at = time.monotonic()
        for view in last:
            ages += [float(view["ageMs"]) / 1000] if view["ageMs"] else []
            states[view["state"]] = states.get(view["state"], 0) + 1
            if view.get("kind", "") != kinds.get(view["camera"]):
                kinds[view["camera"]] = view.get("kind", "")
                changes.append([round(now - began, 2), view["camera"], view["kind"]])
        time.sleep(SAMPLE_SECONDS)
    drawn = sum(int(view["frames"]) for view in last) - sum(int(view["frames"]) for view in first)
    return {
        "ages": {**percentiles(ages), "worst": max(ages, default=0.0)},
        "fps": drawn / (looked_at - began) / max(1, len(last)),
        "states": states,
        "changes": changes,
    }


if __name__ == "__main__":
    main()
