"""The page in the languages of its texts, in a real Chromium: the browser chooses, and nothing overflows."""

import urllib.request

import pytest
from playwright.sync_api import Browser

from tests.e2e.conftest import Pipeline
from tests.processes import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIZES = [{"width": 1440, "height": 900}, {"width": 390, "height": 844}]
LIVE = "camera-view[data-state=live]"
PATHS = {"": LIVE, "camera/front/": LIVE, "settings": "body[data-ready]"}
"""What is there on each when it is complete."""
WHAT_OVERFLOWS = """() => {
  const visible = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;
  const texts = [...document.querySelectorAll("button, label, summary, h1, h2, legend")].filter(visible);
  const clipped = texts.filter((element) => {
    const overflow = getComputedStyle(element).overflowX;
    return element.scrollWidth > element.clientWidth + 1 && overflow !== "visible" && element.clientWidth > 1;
  });
  const width = document.documentElement.scrollWidth;
  const wide = width > innerWidth ? [`the page is ${width} wide`] : [];
  return [...wide, ...clipped.map((element) => element.outerHTML.slice(0, 200))];
}"""


@pytest.mark.parametrize(
    ("locale", "language", "title"),
    [("de-AT", "de", "Einstellungen"), ("zh-CN", "zh", "设置"), ("tlh", "en", "Settings")],
)
def test_the_page_speaks_the_language_of_the_browser(
    locale: str, language: str, title: str, pipeline: Pipeline, browser: Browser
) -> None:
    complaints: list[str] = []
    with browser.new_context(locale=locale) as context:
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        for size in SIZES:
            page.set_viewport_size(size)  # type: ignore[arg-type]
            for path, complete in PATHS.items():
                page.goto(f"{pipeline.url}/{path}")
                page.wait_for_selector(complete, state="attached", timeout=60_000)
                assert page.locator("html").get_attribute("lang") == language
                assert page.evaluate(WHAT_OVERFLOWS) == [], (path, size)
        assert page.locator("h1").first.text_content() == title
    assert complaints == []


def test_the_words_of_a_language_are_small(pipeline: Pipeline) -> None:
    """Only those of one language are loaded besides English."""
    wait_until(lambda: not pipeline.is_gone(), "a gateway")
    for language in ("de", "zh"):
        with urllib.request.urlopen(f"{pipeline.url}/page/words/{language}.js") as answer:
            assert len(answer.read()) < 40_000
