"""The panel with the controls of a camera: a USB camera with ranges, switches and a menu with gaps, and a test card."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator

from tests.capture.v4l2.shim import DEVICE
from tests.e2e.conftest import Pipeline, Up
from tests.e2e.tab import Tab
from tests.processes import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.medium]

CAMERAS = f"""
[camera.front]
source = "v4l2:{DEVICE}"
size = "64x48"
[camera.card]
source = "testcard"
size = "320x240"
fps = 10
"""
PHONE = {"width": 390, "height": 664}


@pytest.fixture
def pipeline(up: Up, shim_library: Path, tmp_path: Path) -> Pipeline:
    """A USB camera with controls, and a test card."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(4):
        Image.new("RGB", (64, 48), (60 * number, 90, 90)).save(folder / f"{number}.jpg")
    shim = {
        "LD_PRELOAD": str(shim_library),
        "V4L2SHIM_DEV": DEVICE,
        "V4L2SHIM_DIR": str(folder),
        "V4L2SHIM_FPS": "15",
        "V4L2SHIM_CONTROLS": str(tmp_path / "controls"),
    }
    return up(CAMERAS, environment=shim, gateway="allow_anonymous = true")


@pytest.fixture
def tab(browser: Browser, pipeline: Pipeline) -> Iterator[Tab]:
    tab = Tab(browser, f"{pipeline.url}/camera/front/")
    tab.wait_for_pictures()
    yield tab
    tab.page.close()


def values(pipeline: Pipeline, camera: str = "front") -> dict[str, Any]:
    """What the camera says of its controls."""
    listed = json.loads(pipeline.get(f"/api/cameras/{camera}/controls"))["controls"]
    return {control["name"]: control.get("value") for control in listed}


def patch(pipeline: Pipeline, **changes: Any) -> None:
    """Set controls of the USB camera, as another person does."""
    url = f"{pipeline.url}/api/cameras/front/controls"
    headers = {"Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(url, json.dumps(changes).encode(), headers, method="PATCH")).close()


def row(tab: Tab, name: str) -> Locator:
    """A control in the panel."""
    return tab.page.locator(f"[data-control={name}]")


def test_a_usb_camera(tab: Tab, pipeline: Pipeline) -> None:
    page = tab.page
    page.keyboard.press("c")
    row(tab, "brightness").wait_for()
    widgets = {
        name: row(tab, name).get_attribute("data-widget")
        for name in ("brightness", "contrast", "auto_white_balance", "power_line_frequency", "auto_exposure", "privacy")
    }
    assert widgets == {
        "brightness": "slider",
        "contrast": "slider",
        "auto_white_balance": "switch",
        "power_line_frequency": "menu",
        "auto_exposure": "switch",
        "privacy": "value",
    }

    # What has no effect says why, and has it as soon as its switch is off.
    exposure = row(tab, "exposure_time")
    assert exposure.get_by_role("slider").is_disabled()
    assert "while “Automatic exposure” is off" in exposure.inner_text()
    row(tab, "auto_exposure").get_by_role("switch").click()
    wait_until(lambda: exposure.get_by_role("slider").is_enabled(), "the exposure can be set")
    exposure.get_by_role("textbox").fill("20000")
    exposure.get_by_role("textbox").press("Enter")
    wait_until(lambda: values(pipeline)["exposure_time"] == 20000, "the exposure is set")

    # A slider sends while it is moved, in the steps of the camera.
    slider = row(tab, "contrast").get_by_role("slider")
    slider.press("ArrowRight")
    wait_until(lambda: values(pipeline)["contrast"] == 35, "one step more")
    box = slider.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.37, box["y"] + box["height"] / 2)
    page.mouse.down()
    for part in range(40, 101, 5):
        page.mouse.move(box["x"] + box["width"] * part / 100, box["y"] + box["height"] / 2)
    wait_until(lambda: values(pipeline)["contrast"] == 95, "the most, while the button is down")
    page.mouse.up()
    row(tab, "power_line_frequency").get_by_role("combobox").select_option(label="60 Hz")
    wait_until(lambda: values(pipeline)["power_line_frequency"] == 2, "the menu")

    # The line for framebus.toml.
    page.locator(".controls-toml summary").click()
    line = page.locator(".controls-line")
    expected = "auto_exposure = false", "exposure_time = 20000", "contrast = 95", 'power_line_frequency = "60 Hz"'
    wait_until(lambda: all(part in line.input_value() for part in expected), "what is set is in the line")
    assert "privacy" not in line.input_value()

    # What is refused, and what somebody else sets.
    exposure.get_by_role("textbox").fill("many")
    exposure.get_by_role("textbox").press("Enter")
    assert "Allowed: 100 to 500000" in exposure.inner_text()
    patch(pipeline, brightness=12)
    wait_until(lambda: row(tab, "brightness").get_by_role("textbox").input_value() == "12", "another's change is shown")

    # One reset, and Esc puts the rest back.
    row(tab, "contrast").get_by_role("button").click()
    wait_until(lambda: values(pipeline)["contrast"] == 30, "reset")
    wait_until(lambda: row(tab, "contrast").get_by_role("button").is_hidden(), "nothing to reset any more")
    page.keyboard.press("Escape")
    wait_until(lambda: page.locator(".controls").count() == 0, "the panel is closed")
    before = {"auto_exposure": True, "contrast": 30, "power_line_frequency": 1, "brightness": 12}
    wait_until(lambda: before.items() <= values(pipeline).items(), "all is as it was, but what another has set")

    # Done keeps, and reset all resets.
    page.locator(".open-controls").click()
    row(tab, "auto_white_balance").get_by_role("switch").click()
    wait_until(lambda: values(pipeline)["auto_white_balance"] is False, "switched off")
    page.locator(".controls-done").click()
    assert values(pipeline)["auto_white_balance"] is False
    page.locator(".open-controls").click()
    page.locator(".controls-reset").click()
    usual = {"auto_white_balance": True, "brightness": 0}
    wait_until(lambda: usual.items() <= values(pipeline).items(), "all are reset")
    assert tab.complaints == []


def test_the_picture_changes_and_stays_in_view_on_a_phone(browser: Browser, pipeline: Pipeline) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{pipeline.url}/camera/card/")
    corner = "document.querySelector('canvas').getContext('2d').getImageData(5, 5, 1, 1).data[0]"
    wait_until(lambda: page.evaluate(corner) > 150, "the grey bar")
    page.locator(".open-controls").tap()
    brightness = page.locator("[data-control=brightness]")
    brightness.get_by_role("slider").fill("0")
    wait_until(lambda: page.evaluate(corner) < 20, "it is dark")
    brightness.scroll_into_view_if_needed()
    picture = page.locator(".picture").bounding_box()
    assert picture is not None
    assert picture["y"] >= 0
    assert picture["y"] + picture["height"] <= PHONE["height"]
    page.locator(".controls-undo").tap()
    wait_until(lambda: page.evaluate(corner) > 150, "as it was")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    # From now on there are accounts, and who has none may only watch.
    command = [sys.executable, "-m", "framebus", "token", "add", "desk", "--config", str(pipeline.config.path)]
    subprocess.run([*command, "--scope", "view", "--scope", "control"], check=True, capture_output=True, timeout=30)
    wait_until(lambda: json.loads(pipeline.get("/api/me"))["kind"] == "anonymous", "accounts")
    page.reload()
    wait_until(lambda: page.locator("camera-view").get_attribute("data-state") == "live", "a picture")
    assert page.locator(".open-controls").is_hidden()
    page.keyboard.press("c")
    assert page.locator(".controls").count() == 0
    context.close()
