"""The settings in a real Chromium, against the whole pipeline: what a stranger does on the first day."""

import json
import threading
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from framebus.config.camera import CameraConfig
from framebus.config.load import load
from tests.e2e.conftest import Pipeline, Up
from tests.e2e.tab import Tab
from tests.processes import wait_until

pytestmark = pytest.mark.browser

PASSWORD = "correct horse"
DEFAULT_FPS = CameraConfig().fps
LASTING = ("supervisord", "gateway", "snapshot", "capture front")
"""The processes that a change of another camera does not restart."""


class Stream:
    """A viewer of MJPEG on one connection."""

    def __init__(self, url: str) -> None:
        self._answer = urllib.request.urlopen(url, timeout=30)
        self.frames = 0
        self.has_ended = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            while line := self._answer.readline():
                self.frames += line.startswith(b"X-Timestamp:")
        except OSError:
            pass
        self.has_ended = True

    def wait_for_more(self, more: int = 10) -> None:
        """Wait for so many more frames on the same connection."""
        before = self.frames
        wait_until(lambda: self.frames >= before + more or self.has_ended, f"{more} more frames")
        assert not self.has_ended, "the connection was closed"


COUNT_CLICKS = """
    const count = (event) => { if (event.isTrusted) sessionStorage.clicks = 1 + Number(sessionStorage.clicks ?? 0); };
    if (!window.isCounting) addEventListener("click", count, true);
    window.isCounting = true;
"""


def clicks(tab: Tab) -> int:
    """How often something was clicked in this tab, or Enter was pressed on a button."""
    return int(tab.page.evaluate("sessionStorage.clicks ?? 0"))


@contextmanager
def settings_of(browser: Browser, pipeline: Pipeline) -> Iterator[Tab]:
    """The settings, opened from the page."""
    tab = Tab(browser, "about:blank")
    tab.page.add_init_script(COUNT_CLICKS)
    tab.page.goto(pipeline.url)
    tab.page.get_by_role("link", name="Settings").click()
    tab.page.wait_for_selector("body[data-ready]")
    yield tab
    tab.page.close()


def said(page: Page, text: str) -> None:
    """Wait until the page says this."""
    page.get_by_role("status").filter(has_text=text).wait_for()
    assert page.locator(".wrong").text_content() == ""


def add_camera(page: Page, title: str) -> None:
    """Three clicks, after the one that opens the settings."""
    page.get_by_role("button", name="Add a camera").click()
    page.get_by_role("radio", name="Test card").click()
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Add", exact=True).click()
    said(page, f"{title} was added.")


def test_a_camera_is_added_while_another_streams(browser: Browser, pipeline: Pipeline) -> None:
    path = pipeline.config.path
    assert path is not None
    path.write_text(f"# mine\n{path.read_text()}")
    pipeline_reloaded = urllib.request.Request(
        f"{pipeline.url}/api/settings/reload", b"{}", {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(pipeline_reloaded, timeout=30).close()
    before = pipeline.processes()
    stream = Stream(f"{pipeline.url}/stream.mjpg")
    stream.wait_for_more()
    with settings_of(browser, pipeline) as tab:
        add_camera(tab.page, "Garden gate")
        card = tab.page.locator("[data-camera=garden-gate]")
        wait_until(lambda: card.locator("img").evaluate("image => image.naturalWidth") > 0, "a still of the new camera")
        stream.wait_for_more()

        card.get_by_role("button", name="Change").click()
        card.get_by_label("Frames per second").fill("5")
        card.get_by_label("Title").fill("Gate")
        card.get_by_label("Upside down").check()
        card.get_by_role("button", name="Save").click()
        said(tab.page, "Gate was changed.")
        tab.page.on("dialog", lambda dialog: dialog.accept())
        card.get_by_role("button", name="Change").click()
        written = tomllib.loads(path.read_text())["camera"]["garden-gate"]
        card.get_by_role("button", name="Remove").click()
        said(tab.page, "Gate was removed.")
        assert tab.complaints == []
    assert written == {"source": "testcard", "title": "Gate", "fps": 5, "orientation": 3}
    stream.wait_for_more()
    assert path.read_text().startswith("# mine\n")
    assert list(load(path).cameras) == ["front"]
    assert {name: pipeline.processes()[name] for name in LASTING} == {name: before[name] for name in LASTING}


def test_the_first_day_from_the_password_to_a_friend(browser: Browser, pipeline: Pipeline) -> None:
    with settings_of(browser, pipeline) as tab:
        page = tab.page
        add_camera(page, "Garden gate")
        page.get_by_role("button", name="Let a friend watch: Garden gate").click()
        page.get_by_text("choose a name and a password first").first.wait_for()
        page.get_by_label("Name", exact=True).fill("anna")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Set the password").click()
        said(page, "anna can log in.")

        page.get_by_role("button", name="Let my network in").click()
        said(page, "Every device in your network can watch")
        assert pipeline.config.path is not None
        assert load(pipeline.config.path).gateway.listen.host == "0.0.0.0"
        page.get_by_role("button", name="QR code for my phone").click()
        phone = page.get_by_label("Link", exact=True).input_value()

        before = clicks(tab)
        page.get_by_role("button", name="Let a friend watch: Garden gate").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")  # the name of the guest is filled in and has the focus
        link = page.locator("[data-camera=garden-gate]").get_by_label("Link", exact=True)
        link.wait_for()
        friends = link.input_value()
        page.locator("[data-camera=garden-gate]").get_by_role("button", name="Copy").click()
        assert clicks(tab) - before + 1 == 4, "with the click that opens the settings"
        tab.complaints = [text for text in tab.complaints if "Failed to load resource" not in text]  # the restart
        assert tab.complaints == []
    assert "was killed" not in pipeline.up.log, "the gateway ends by itself, and is restarted at once"

    opened = Tab(browser, here(pipeline, phone))
    opened.page.get_by_role("button", name="Watch on this device").click()
    opened.wait_for_pictures("front")
    assert me(opened)["name"] == "anna"
    opened.page.close()

    friend = Tab(browser, here(pipeline, friends))
    friend.page.get_by_role("button", name="Watch on this device").click()
    friend.wait_for_pictures("garden-gate")
    assert friend.page.url.endswith("/camera/garden-gate/")
    assert me(friend)["cameras"] == ["garden-gate"]
    assert friend.page.get_by_role("link", name="Settings").count() == 0
    friend.page.close()


def here(pipeline: Pipeline, link: str) -> str:
    """The address of a link by which this machine is certain to reach it."""
    return f"{pipeline.url}/link/{link.rpartition('/link/')[2]}"


def me(tab: Tab) -> dict[str, object]:
    """What /api/me says to this browser."""
    found: dict[str, object] = json.loads(tab.page.evaluate("async () => (await fetch('/api/me')).text()"))
    return found


def test_an_attached_camera_is_chosen_by_its_picture(
    browser: Browser, up: Up, shim_library: Path, tmp_path: Path
) -> None:
    """Its settings are opened, it is the only free one and chosen already, and a button adds it: three clicks."""
    Image.new("RGB", (640, 480), "green").save(tmp_path / "0.jpg")
    shim = {"LD_PRELOAD": str(shim_library), "V4L2SHIM_DEV": "/dev/video0", "V4L2SHIM_DIR": str(tmp_path)}
    pipeline = up(environment={**shim, "V4L2SHIM_FPS": "10"})
    with settings_of(browser, pipeline) as tab:
        page = tab.page
        page.get_by_role("button", name="Add a camera").click()
        preview = page.locator(".choice canvas").first
        preview.wait_for()
        assert "a picture of 640x480" in str(preview.get_attribute("aria-label"))
        assert page.get_by_role("radio").first.is_checked()
        sizes = page.get_by_label("Size").locator("option").all_inner_texts()
        assert sizes
        rate = page.get_by_label("Frames per second")
        *rates, other = rate.locator("option").all_inner_texts()
        assert other == "Another rate …"
        assert rates
        rate.select_option(label=rates[-1])
        name = page.get_by_label("Title").input_value()
        page.get_by_role("button", name="Add", exact=True).click()
        said(page, f"{name} was added.")
        assert clicks(tab) == 3
        assert pipeline.config.path is not None
        added = list(tomllib.loads(pipeline.config.path.read_text())["camera"].values())[-1]
        assert (added["source"], added["title"]) == ("v4l2:/dev/video0", name)
        assert any(option.startswith(added["size"]) for option in sizes)
        assert rates[-1] == f"{added.get('fps', DEFAULT_FPS):g} fps"

        card = page.locator("[data-camera]").nth(1)
        wait_until(lambda: card.locator("img").evaluate("image => image.naturalWidth") == 640, "a still of the webcam")
        card.get_by_role("button", name="Change").click()
        card.get_by_text(f"The camera offers {sizes[0]}").wait_for()
        card.get_by_role("combobox", name="Frames per second").select_option(label=other)
        card.get_by_role("spinbutton", name="Frames per second").fill("7")
        card.get_by_role("button", name="Save").click()
        said(page, f"{name} was changed.")
        assert list(tomllib.loads(pipeline.config.path.read_text())["camera"].values())[-1]["fps"] == 7
        assert tab.complaints == []
