"""All that the pages show: axe finds no violation, and whatever can be done is done by the keyboard alone."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Up
from tests.e2e.page_states import states, with_all_states
from tests.npm import install

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE_VERSION = "4.14.1"
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
LOOKS: dict[str, dict[str, Any]] = {
    "desktop, light": {"viewport": DESKTOP, "color_scheme": "light"},
    "phone, dark, German": {"viewport": PHONE, "color_scheme": "dark", "locale": "de-DE", "has_touch": True},
    "desktop, forced colours, Chinese": {"viewport": DESKTOP, "forced_colors": "active", "locale": "zh-CN"},
}
AXE = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.flatMap(
    ({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 150)} ${failureSummary}`)
)"""
NOTE_LISTENERS = """
    window.listening = new Set();
    const add = EventTarget.prototype.addEventListener;
    EventTarget.prototype.addEventListener = function (type, ...rest) {
        if (/^(click|dblclick|mousedown|pointerdown)$/.test(type) && this instanceof Element) listening.add(this);
        return add.call(this, type, ...rest);
    };
    window.clicked = null;
    addEventListener("click", (event) => {
        if (!window.blocked) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        window.clicked = event.target;
    }, true);
    addEventListener("keydown", (event) => (window.prevented = event.defaultPrevented));
"""
"""Notes what listens to the pointer, and keeps clicks from having an effect while keys are tried."""
FIND = """() => {
    const OPERABLE = "a[href], button, input, select, textarea, summary, [tabindex='0'], [contenteditable]";
    const front = document.querySelector("dialog[open]") ?? document.body;
    const isShown = (element) => element.checkVisibility({ visibilityProperty: true })
        && element.getClientRects().length > 0 && !element.matches(":disabled") && element.type !== "hidden";
    window.operable = [...front.querySelectorAll(OPERABLE)].filter(isShown);
    const isPointed = (element) => getComputedStyle(element).cursor === "pointer" || listening.has(element);
    // Esc does what a click beside a dialog does, the links of tiles what a click on these does, and two buttons of
    // each row what its grip does.
    const others = [...front.querySelectorAll("*")].filter((element) => isShown(element) && isPointed(element)
        && !element.closest(`${OPERABLE}, label`)
        && !element.matches("dialog, .cameras, .picture, camera-view, .track *, .grip, .grip *"));
    return { operable: operable.length, others: others.map((element) => element.outerHTML.slice(0, 150)) };
}"""
FOCUSED = """() => {
    window.clicked = null;
    const { activeElement: focused } = document;
    const at = operable.indexOf(focused);
    const isButton = focused.matches("a, button, summary");
    return { at, key: isButton ? "Enter" : focused.matches("[role=slider]") ? "-" : null, isButton };
}"""
DONE = "(isButton) => (isButton ? document.activeElement.contains(window.clicked) : window.prevented)"
DESCRIBED = "(found) => found.map((at) => operable[at].outerHTML.slice(0, 150))"
MISSING = """(reached) => operable.map((_, at) => at).filter((at) => !reached.includes(at)
    && !(operable[at].type === "radio" && reached.some((other) => operable[other].name === operable[at].name)))"""
"""What Tab did not reach. Of a group of radio buttons it reaches one; the arrows reach the others."""
MORE_TABS = 10
"""For the browser's own stops, as at the end of the page."""


@contextmanager
def tab(browser: Browser, look: dict[str, Any], script: str) -> Iterator[tuple[Page, list[str]]]:
    """A page with this look, and what it complains of."""
    complaints: list[str] = []
    with browser.new_context(**look) as context:
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.add_init_script(script)
        yield page, complaints


def by_keyboard(page: Page) -> list[str]:
    """What cannot be reached with Tab, or does nothing when its key is pressed."""
    found = page.evaluate(FIND)
    problems = [f"a pointer alone can use {html}" for html in found["others"]]
    reached: set[int] = set()
    page.evaluate("window.blocked = true; document.activeElement?.blur()")
    for _ in range(found["operable"] + MORE_TABS):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        at = focused["at"]
        if at < 0 or at in reached:
            continue
        reached.add(at)
        if focused["key"]:
            page.keyboard.press(focused["key"])
            if not page.evaluate(DONE, focused["isButton"]):
                problems += [f"{focused['key']} does nothing on {html}" for html in page.evaluate(DESCRIBED, [at])]
    page.evaluate("window.blocked = false")
    missing = page.evaluate(MISSING, list(reached))
    return problems + [f"Tab does not reach {html}" for html in page.evaluate(DESCRIBED, missing)]


@pytest.mark.timeout(300)
def test_everything_is_accessible(browser: Browser, up: Up, tmp_path: Path) -> None:
    pipeline = with_all_states(up, tmp_path)
    folder = tmp_path / "packages" / "axe-core"
    folder.parent.mkdir()
    install("axe-core", AXE_VERSION, folder)
    axe = (folder / "axe.min.js").read_text()
    problems: list[str] = []
    for name, look in LOOKS.items():
        with tab(browser, look, axe + NOTE_LISTENERS) as (page, complaints):
            seen = 0
            for state in states(page, pipeline.url):
                seen += 1
                problems += [f"{name}, {state}: {violation}" for violation in page.evaluate(AXE)]
                if name == next(iter(LOOKS)):
                    problems += [f"{state}: {problem}" for problem in by_keyboard(page)]
            assert seen > 15
            problems += complaints
    assert problems == [], json.dumps(problems, indent=1, ensure_ascii=False)


NOT_ACCESSIBLE = """
    <button>good</button> <a href="#">good</a> <label style="cursor: pointer"><input type="checkbox"> good</label>
    <button tabindex="-1">not reached</button>
    <div role="slider" tabindex="0" aria-valuenow="1">no keys</div>
    <span style="cursor: pointer">looks like a button</span>
    <div id="listener">listens</div>
    <script>listener.addEventListener("click", () => {})</script>
"""


def test_what_the_keyboard_cannot_do_is_found(browser: Browser) -> None:
    with tab(browser, {}, NOTE_LISTENERS) as (page, _):
        page.goto(f"data:text/html,{quote(NOT_ACCESSIBLE)}")
        found = "\n".join(by_keyboard(page))
    assert "good" not in found
    for what in ("looks like a button", "listens", "no keys", "not reached"):
        assert found.count(what) == 1, found
