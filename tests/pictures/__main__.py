"""Make the icons of the page, and the screenshots of the docs: `make pictures`."""

import sys

from playwright.sync_api import sync_playwright

from tests.pictures import first_run, icons, screenshots
from tests.programs import need

ALLOWED = ("icons", "screenshots", "first-run")


def main() -> None:
    """Make what was named, or all."""
    wanted = sys.argv[1:] or list(ALLOWED)
    unknown = [name for name in wanted if name not in ALLOWED]
    if unknown:
        sys.exit(f"pictures: found {' '.join(unknown)}; allowed: {' '.join(ALLOWED)}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=need("chromium"), args=["--no-sandbox", "--disable-gpu"])
        if "icons" in wanted:
            icons.draw_all(browser)
        if "screenshots" in wanted:
            screenshots.take_all(browser)
        if "first-run" in wanted:
            first_run.take_all(browser)
        browser.close()


main()
