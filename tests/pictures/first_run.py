"""The screenshots of the first run: the settings before a camera was added, and while one is chosen."""

import base64
import json

from playwright.sync_api import Browser, Route

from tests.pictures.scenes import picture
from tests.pictures.screenshots import DESKTOP, DOCS, PHONE, SETTLE_MS, reduce_colours, running

WEBCAM, RIBBON = "v4l2:serial=3F2A91", "picamera2:0"
ATTACHED = [
    {
        "source": RIBBON,
        "name": "Pi camera imx708",
        "path": "/base/soc/i2c0mux/i2c@1/imx708@1a",
        "sizes": [
            {"size": "4608x2592", "fps": 14.35, "rates": [14.35, 10, 5]},
            {"size": "2304x1296", "fps": 56.03, "rates": [56.03, 30, 25, 15, 10, 5]},
            {"size": "1280x720", "fps": 120.13, "rates": [120.13, 60, 30, 25, 15, 10, 5]},
        ],
        "problem": "",
    },
    {
        "source": WEBCAM,
        "name": "HD Pro Webcam C920",
        "path": "/dev/video0",
        "sizes": [{"size": "1920x1080", "fps": 30, "rates": [30, 24, 15, 5]}],
        "problem": "",
    },
]
"""As /api/settings/attached lists cameras that this machine does not have."""
DRAWN = {RIBBON: "garden", WEBCAM: "printer"}


def take_all(browser: Browser) -> None:
    """Write docs/settings*.png."""
    with running() as url:
        for name, viewport, scale in (("settings", DESKTOP, 1), ("settings-phone", PHONE, 2)):
            context = browser.new_context(viewport=viewport, locale="en-GB", device_scale_factor=scale)  # type: ignore[arg-type]
            page = context.new_page()
            page.route("**/api/settings/attached", lambda route: route.fulfill(json={"cameras": ATTACHED}))
            page.route("**/api/settings/preview", _preview)
            page.goto(f"{url}/settings")
            page.wait_for_selector("body[data-ready]")
            page.wait_for_selector(".configured img[src]")
            page.wait_for_load_state("networkidle")
            if viewport == DESKTOP:
                page.wait_for_timeout(SETTLE_MS)
                page.screenshot(path=DOCS / "settings-first-run.png")
                reduce_colours(DOCS / "settings-first-run.png")
            page.get_by_role("button", name="Add a camera").click()
            page.locator(".choice canvas").nth(1).wait_for()
            page.get_by_label("Title").fill("Garden")
            page.get_by_label("Frames per second").select_option("30")
            page.locator(".adding").scroll_into_view_if_needed()
            page.wait_for_timeout(SETTLE_MS)
            page.screenshot(path=DOCS / f"{name}.png")
            reduce_colours(DOCS / f"{name}.png")
            context.close()


def _preview(route: Route) -> None:
    """A drawn picture of the camera that is asked for."""
    source = json.loads(route.request.post_data or "{}")["source"]
    jpeg = base64.b64encode(picture(DRAWN[source], 0)).decode()
    route.fulfill(json={"text": f"{source}: a picture", "jpeg": jpeg})
