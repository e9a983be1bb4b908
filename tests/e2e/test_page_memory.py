"""The page does not grow: in two tabs, all that it can show, a few times or for `make soak-page MINUTES=60`."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, CDPSession

from tests.e2e.conftest import Up
from tests.e2e.tab import Tab
from tests.processes import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MINUTES = float(os.environ.get("FRAMEBUS_PAGE_MINUTES", "0"))
WARM_ROUNDS = 2
"""What is loaded or made once is there then."""
ROUNDS = 4
"""After those, where no minutes are given."""
ROUND_SECONDS = 20.0
"""Of a long run: the pages are left alone for the rest of it, as those that people keep open."""
KILL_EVERY_ROUNDS = 30
NODE_LIMIT = ROUNDS - 1
"""A node, or a listener, that stays behind in each round is found."""
HEAP_SHARE, SHORT_HEAP_SHARE = 1.1, 1.25
"""How much the heap may grow in the last two thirds of a long run; and in a short one, where browsers still compile.

Heap snapshots before and after 40 rounds differed in compiled code and in what Chromium notes of paints, layout shifts
and requests: 1.6 KB a round. There were no more objects of the page.
"""
CAMERAS = "".join(
    f'[camera.{name}]\nsource = "testcard"\nsize = "160x120"\nfps = 5\nrecord = "{record}"\n'
    for name, record in (("front", "always"), ("yard", "off"))
)
LAYOUT = """layout => {
    const choice = document.querySelector(`[name=layout][value=${layout}]`);
    choice.checked = true;
    choice.dispatchEvent(new Event("change", { bubbles: true }));
}"""


class MeasuredTab(Tab):
    """A tab whose memory is read after the garbage was collected."""

    def __init__(self, browser: Browser, url: str) -> None:
        super().__init__(browser, url)
        self._devtools: CDPSession = self.page.context.new_cdp_session(self.page)
        self._devtools.send("Performance.enable")
        self.readings: list[dict[str, int]] = []

    def read(self) -> None:
        """Note how many nodes and listeners there are, and the bytes of the heap."""
        for _ in range(2):  # what the first one lets go of, the second one finds
            self._devtools.send("HeapProfiler.collectGarbage")
        metrics = {
            each["name"]: int(each["value"]) for each in self._devtools.send("Performance.getMetrics")["metrics"]
        }
        self.readings.append({name: metrics[name] for name in ("Nodes", "JSEventListeners", "JSHeapUsedSize")})

    def press(self, *keys: str) -> None:
        """Press keys, where nothing has the focus."""
        self.page.evaluate("document.activeElement?.blur()")
        for key in keys:
            self.page.keyboard.press(key)

    def click(self, selector: str) -> None:
        """Click without a handle, which would keep the element."""
        self.page.evaluate("selector => document.querySelector(selector).click()", selector)

    def wait(self, condition: str, what: str) -> None:
        """Wait until an expression is true."""
        wait_until(lambda: self.page.evaluate(condition), what)

    def close_dialogs(self) -> None:
        """Press Esc until no dialog is open: on a busy machine the browser was seen to lose one."""

        def closed() -> bool:
            self.page.keyboard.press("Escape")
            return bool(self.page.evaluate("!document.querySelector('dialog[open]')"))

        wait_until(closed, "no dialog")

    def opened_and_closed(self, selector: str) -> None:
        """Open a dialog, and close it."""
        self.click(selector)
        self.wait("!!document.querySelector('dialog[open]')", f"what {selector} opens")
        self.close_dialogs()


def use_all_cameras(tab: MeasuredTab) -> None:
    """What there is to do on the page of all cameras."""
    tab.click(".open-wall")
    tab.wait("location.search === '?wall='", "the wall")
    tab.wait_for_pictures("yard", more=2)
    tab.press("Escape")
    tab.wait("location.search === ''", "no wall")
    tab.opened_and_closed(".arrange")
    for layout in ("large", "rotation", "all"):
        tab.page.evaluate(LAYOUT, layout)
        tab.wait_for_pictures("front", more=1)
    tab.opened_and_closed("[data-camera=front] .open-details")
    tab.opened_and_closed("[data-camera=yard] .open-details")
    for _ in range(2):
        tab.press("f")
        tab.wait_for_pictures("front", more=2)


def use_one_camera(tab: MeasuredTab) -> None:
    """What there is to do on the page of one camera."""
    tab.press("c")
    tab.wait("!!document.querySelector('[data-control]')", "the controls")
    tab.page.keyboard.press("Escape")
    tab.wait("!document.querySelector('.controls')", "no controls")
    tab.press("?")
    tab.wait("!!document.querySelector('.keys-dialog[open]')", "the keys")
    tab.close_dialogs()
    tab.press("+", "+", "ArrowDown", "0")
    for menu in (".stills", ".clips", ".watchers"):
        tab.click(f"{menu} summary")
        tab.click(f"{menu} summary")
    tab.press("ArrowRight")
    tab.wait_for_pictures("yard", more=2)
    tab.press("ArrowLeft")
    tab.wait_for_pictures("front", more=2)
    tab.wait("!!document.querySelector('time-line .track')", "the time line")
    tab.press("j")
    tab.wait("document.querySelector('camera-view').dataset.state === 'recorded'", "a recorded picture")
    tab.press("l")
    tab.wait_for_pictures("front", more=2)


@pytest.mark.timeout(int(MINUTES * 60) + 300)
def test_the_page_does_not_grow(browser: Browser, up: Up, tmp_path: Path) -> None:
    recorder = f'[recorder]\nfolder = "{tmp_path / "recordings"}"\nkeep_gb = 0.2\n'
    pipeline = up(CAMERAS + recorder)
    uses: dict[str, tuple[MeasuredTab, Callable[[MeasuredTab], None]]] = {
        "all cameras": (MeasuredTab(browser, pipeline.url), use_all_cameras),
        "one camera": (MeasuredTab(browser, f"{pipeline.url}/camera/front/"), use_one_camera),
    }
    began, done = time.monotonic(), 0
    while done < WARM_ROUNDS + ROUNDS or time.monotonic() - began < MINUTES * 60:
        next_round = time.monotonic() + (ROUND_SECONDS if MINUTES else 0)
        if done % KILL_EVERY_ROUNDS == 1:
            pipeline.kill("gateway")
            wait_until(lambda: all(tab.connection() == "lost" for tab, _ in uses.values()), "no connection")
        for tab, use in uses.values():
            tab.page.bring_to_front()
            tab.wait_for_pictures(more=2)
            use(tab)
            tab.read()
        done += 1
        print(f"{(time.monotonic() - began) / 60:.1f} min", *(tab.readings[-1] for tab, _ in uses.values()), flush=True)
        time.sleep(max(0.0, next_round - time.monotonic()))
    for name, (tab, _) in uses.items():
        warm, last = tab.readings[max(WARM_ROUNDS, done // 3)], tab.readings[-1]
        assert tab.page.evaluate("document.querySelectorAll('dialog[open]').length") == 0
        for what in ("Nodes", "JSEventListeners"):
            assert last[what] - warm[what] <= NODE_LIMIT, (name, what, tab.readings)
        share = last["JSHeapUsedSize"] / warm["JSHeapUsedSize"]
        assert share <= (HEAP_SHARE if MINUTES else SHORT_HEAP_SHARE), (name, tab.readings)
        tab.page.close()
