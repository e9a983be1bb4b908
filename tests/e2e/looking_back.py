"""The page of a camera with its time line, open in a real browser, with what a test asks it."""

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
from playwright.sync_api import Browser

from framebus.protocol.events import EventHeader, Phase
from framebus.protocol.wire import pack
from tests.e2e.tab import Tab
from tests.framebus.golden.make import EVENT
from tests.framebus.publisher import Publisher
from tests.processes import wait_until

CAMERAS = "".join(
    f'[camera.{name}]\nsource = "testcard"\nsize = "320x240"\nfps = 10\nrecord = "{record}"\n'
    for name, record in (("front", "always"), ("yard", "on-demand"), ("cellar", "off"), ("attic", "off"))
)
"""Of a pipeline with recordings; there are some of attic, too."""
WATCH = """() => {
    const view = document.querySelector("camera-view");
    window.shown = [];
    const note = () => window.shown.push([view.dataset.kind, view.dataset.state]);
    new MutationObserver(note).observe(view, {attributes: true});
}"""
"""Notes each kind and state that the camera's element says, in `window.shown`."""


class LookingBack(Tab):
    """The page of camera front, with its time line."""

    def __init__(self, browser: Browser, url: str, viewport: dict[str, int] | None = None) -> None:
        super().__init__(browser, url, viewport)
        wait_until(lambda: self.page.locator("time-line .track").count() == 1, "the time line")

    def line(self, name: str) -> str:
        """A data attribute of the time line."""
        value = self.page.evaluate("name => document.querySelector('time-line').dataset[name]", name)
        return str(value or "")

    def text(self, selector: str) -> str:
        """The text of a part of the time line."""
        return str(self.page.locator(f"time-line {selector}").inner_text())

    def wait_for_seq(self, seq: int) -> None:
        """Wait until this recorded frame is on the screen."""
        try:
            wait_until(lambda: self._shows(seq), f"recorded frame {seq}")
        except AssertionError as error:
            shown = f"{self.camera()} {self.line('at')} {self.line('mode')} {self.text('.notice')!r} {self.complaints}"
            raise AssertionError(f"{error}; {self.page.url} shows {shown}") from None

    def _shows(self, seq: int) -> bool:
        camera = self.camera()
        return camera.get("kind") == "recorded" and camera["seq"] == str(seq)

    def press(self, key: str, seq: int) -> None:
        """Press a key, and wait for the frame that it leads to."""
        self.page.keyboard.press(key)
        self.wait_for_seq(seq)

    def axis(self) -> tuple[float, float]:
        """The first and the last moment of the track."""
        begin, end = (self.page.locator(".track").get_attribute(f"aria-value{name}") for name in ("min", "max"))
        return float(begin or 0), float(end or 0)

    def do(self, action: str) -> None:
        """Press a button."""
        self.page.locator(f"time-line [data-action={action}]").click()


def link(moment: float) -> str:
    """The query of an address that leads to a moment."""
    return f"?at={datetime.fromtimestamp(moment, UTC).isoformat(timespec='milliseconds')[:-6]}Z"


def happen(began: float, id: str, seconds: float, phase: Phase, published: float) -> EventHeader:
    """A message of an event that began so many seconds after another moment, as the process `motion` sends them."""
    at = began + seconds + 0.05
    return msgspec.structs.replace(EVENT, id=id, phase=phase, captured=at, seconds=0.0, published=published)


def report(publisher: Publisher, event: EventHeader, true: Callable[[], object], what: str) -> None:
    """Publish an event until something is true: the recorder may subscribe before the gateway does."""

    def is_true() -> object:
        publisher.send_message(pack("event", "front", event))
        return true()

    wait_until(is_true, what)
