"""The page, open in a real browser, with what a test asks it."""

import io

from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.processes import wait_until

DESKTOP = {"width": 1280, "height": 800}


class Tab:
    """An open page, and what it complained of."""

    def __init__(self, browser: Browser, url: str, viewport: dict[str, int] | None = None) -> None:
        self.page: Page = browser.new_page(viewport=viewport or DESKTOP)  # type: ignore[arg-type]
        self.complaints: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(url)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def camera(self, name: str = "front") -> dict[str, str]:
        """The data attributes of a camera's element; empty while it has none."""
        found: dict[str, str] | None = self.page.evaluate(
            "name => ({...document.querySelector(`[data-camera=${name}]`)?.dataset})", name
        )
        return found or {}

    def drawn(self, name: str = "front") -> int:
        """How many frames were drawn."""
        return int(self.camera(name).get("frames", "0"))

    def wait_for_pictures(self, name: str = "front", more: int = 10) -> None:
        """Wait until so many more frames were drawn, and the camera is said to be live."""
        before = self.drawn(name)
        wait_until(lambda: self.page.evaluate("document.body.dataset.tools") == "ready", "the tools of the page")
        wait_until(
            lambda: self.drawn(name) >= before + more and self.camera(name)["state"] == "live",
            f"{more} more pictures of {name}",
        )

    def wait_for_state(self, state: str, name: str = "front") -> None:
        """Wait until the page says this of a camera."""
        wait_until(lambda: self.camera(name).get("state") == state, f"{name} {state}")

    def picture(self, name: str = "front") -> Image.Image:
        """What the camera's canvas shows."""
        return Image.open(io.BytesIO(self.page.locator(f"[data-camera={name}] canvas").screenshot()))

    def connection(self) -> str:
        """Whether the page says that it is connected."""
        return str(self.page.evaluate("document.body.dataset.connection"))
