"""What a real Chromium loads of each page, with everything opened that it has, stays below 100 kB."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e.conftest import Up
from tests.e2e.page_states import states, with_all_states
from tests.gateway.static.test_page_weight import LIMIT_BYTES

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOADED = """() => {
    const isFile = ({ name }) => new URL(name).pathname.includes("/page/");
    const files = performance.getEntriesByType("resource").filter(isFile);
    const all = [...performance.getEntriesByType("navigation"), ...files];
    return Object.fromEntries(all.map(({ name, encodedBodySize }) => [new URL(name).pathname, encodedBodySize]));
}"""
"""The bytes of the page and of its files, as they were sent. A file that the browser had already counts as well."""
CONTROLS = "/controls/controls-panel.js"


def test_a_browser_loads_less_than_100_kb_of_each_page(browser: Browser, up: Up, tmp_path: Path) -> None:
    pipeline = with_all_states(up, tmp_path)
    loaded: dict[str, dict[str, int]] = {}
    with browser.new_context(locale="en-GB") as context:
        page = context.new_page()
        for state in states(page, pipeline.url):
            loaded[state.split()[0]] = page.evaluate(LOADED)
    bytes_of = {path: sum(files.values()) for path, files in loaded.items()}
    assert any(name.endswith(CONTROLS) for name in loaded["/camera/front/"])
    assert all(all(files.values()) for files in loaded.values()), loaded
    assert min(bytes_of[path] for path in ("/", "/camera/front/", "/settings")) > LIMIT_BYTES / 10
    assert max(bytes_of.values()) < LIMIT_BYTES, bytes_of
