"""The screenshots of the page that the docs show, of drawn cameras."""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.capture.v4l2 import shim
from tests.pictures import recordings
from tests.pictures.scenes import SCENES, picture
from tests.ports import free_ports
from tests.processes import wait_until

DOCS = Path(__file__).parents[2] / "docs"
DESKTOP = {"width": 1440, "height": 900}
SMALL = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
TITLES = {"front": "Front door", "printer": "3D printer", "drive": "Drive", "back": "Behind the house"}
START_SECONDS = 60.0
EVENT_SECONDS = 8.0
"""From the beginning of an event to the moment that is shown."""
COLOURS = 256
ATTEMPTS = 30
SETTLE_MS = 700
"""For what fades in or out."""
LIVE = "document.querySelectorAll('camera-view[data-state=live]').length"
FITTING = "document.querySelector('[data-fact=small]:not(:empty)') === null"
"""Whether each picture is as large as its tile, which it may not be on a busy machine."""
RESTING = "document.body.dataset.rest === 'true'"


def take_all(browser: Browser) -> None:
    """Write all that are in docs/, but for those of the settings."""
    with tempfile.TemporaryDirectory(prefix="framebus-recorded-") as folder:
        _take_all_cameras(browser, Path(folder) / "all")
        _take_one_camera(browser, Path(folder) / "one")


def _take_all_cameras(browser: Browser, folder: Path) -> None:
    with running(_drawn(folder)) as url:
        with _page(browser, url, DESKTOP) as page:
            page.locator(".last-event").wait_for()
            _save(page, "page.png", lambda: _point_at(page))
            page.click(".arrange")
            _save(page, "page-arrange.png")
        with _page(browser, url, DESKTOP, color_scheme="dark") as page:
            page.click(".arrange")
            page.check("[value=large]")
            page.keyboard.press("Escape")
            _save(page, "page-dark.png")
        with _page(browser, url, PHONE, has_touch=True, device_scale_factor=2) as page:
            wait_until(lambda: page.evaluate(RESTING), "the pointer rests")
            _save(page, "page-phone.png")
        with _page(browser, f"{url}/?wall", DESKTOP) as page:
            wait_until(lambda: page.evaluate(RESTING), "the pointer rests")
            _save(page, "page-wall.png")


def _take_one_camera(browser: Browser, folder: Path) -> None:
    with running(*_one_camera(folder)) as url:
        at = f"{_newest_event(url) + EVENT_SECONDS:.3f}"
        with _page(browser, f"{url}/camera/front/", SMALL, cameras=1) as page:
            page.locator("time-line .track").wait_for()
            page.click(".open-controls")
            page.locator("[data-control=contrast]").wait_for()
            _save(page, "camera-page.png", cameras=1)
        with _page(browser, f"{url}/camera/front/?at={at}", SMALL, cameras=0, color_scheme="dark") as page:
            _mark(page)
            _save(page, "time-line.png", cameras=0)
        with _page(browser, f"{url}/camera/front/?at={at}", PHONE, cameras=0, has_touch=True) as page:
            _mark(page)
            _save(page, "time-line-phone.png", cameras=0)


def _mark(page: Page) -> None:
    """Mark twenty seconds around the moment that is shown, and show the hour around it."""
    page.locator("camera-view[data-state=recorded]").wait_for()
    page.locator("[data-action=markToggle]").click()
    page.locator("[data-action=hour]").click()
    page.mouse.move(0, 0)


def _one_camera(folder: Path) -> tuple[list[str], dict[str, str]]:
    """A USB camera with controls, which is recorded, and was in the last hour."""
    pictures = folder / "pictures"
    pictures.mkdir(parents=True)
    for step in range(3):
        (pictures / f"{step}.jpg").write_bytes(picture("front", step))
    library = shim.build(folder)
    camera = f'[camera.front]\nsource = "v4l2:{shim.DEVICE}"\ntitle = "Front door"\nrecord = "always"\nrecord_fps = 1'
    settings = {
        "LD_PRELOAD": str(library),
        "V4L2SHIM_DEV": shim.DEVICE,
        "V4L2SHIM_DIR": str(pictures),
        "V4L2SHIM_FPS": "10",
        "V4L2SHIM_CONTROLS": str(folder / "controls"),
    }
    return [_recorded(folder / "recordings"), camera], settings


def _recorded(folder: Path) -> str:
    """Recordings of the last hour of camera front, and the table that says where they are."""
    recordings.store(folder, "front")
    return f'[recorder]\nfolder = "{folder}"\nleave_free_gb = 0'


def _drawn(folder: Path) -> list[str]:
    """The drawn cameras, one that is not plugged in, and what happened in front of one."""
    tables = [_recorded(folder)]
    tables += [
        f'[camera.{name}]\nsource = "program"\ntitle = "{TITLES.get(name, name.capitalize())}"' for name in SCENES
    ]
    tables.append('[camera.cellar]\nsource = "v4l2:/dev/video63"\ntitle = "Cellar"')
    tables.append('[program.scenes]\ncommand = ["{python}", "-m", "tests.pictures.scenes"]')
    tables.append(f'directory = "{DOCS.parent}"')
    return tables


@contextmanager
def running(more: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """A framebus with these tables and variables of the environment, on a port of its own."""
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory(prefix="framebus-pictures-") as folder:
        run = Path(folder) / "run"
        run.mkdir(mode=0o700)
        tables = [f'run_dir = "{run}"', f'[gateway]\nlisten = "127.0.0.1:{port}"']
        tables += more
        config = Path(folder) / "framebus.toml"
        config.write_text("\n".join(tables) + "\n")
        command = [sys.executable, "-P", "-m", "framebus", "up", "--config", str(config)]
        up = subprocess.Popen(command, env={**os.environ, **(environment or {})})
        try:
            wait_until(lambda: _answers(f"http://127.0.0.1:{port}/api/cameras"), "the gateway", START_SECONDS)
            yield f"http://127.0.0.1:{port}"
        finally:
            up.terminate()
            up.wait(START_SECONDS)


def _newest_event(url: str) -> float:
    """When it began, in Unix seconds."""
    with urllib.request.urlopen(f"{url}/api/cameras/front/events", timeout=START_SECONDS) as answer:
        return float(json.load(answer)["events"][-1]["start"])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except OSError:
        return False


@contextmanager
def _page(
    browser: Browser, url: str, viewport: dict[str, int], cameras: int = len(SCENES), **options: Any
) -> Iterator[Page]:
    """A page, once so many cameras are live."""
    context = browser.new_context(viewport=viewport, locale="en-GB", **options)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(url)
    wait_until(lambda: page.evaluate(LIVE) == cameras, "live pictures", START_SECONDS)
    yield page
    context.close()


def _point_at(page: Page) -> None:
    """Move the pointer on a picture, which shows the captions."""
    page.mouse.move(200, 150)
    page.mouse.move(400, 300)


def _save(page: Page, name: str, prepare: Callable[[], None] = lambda: None, cameras: int = len(SCENES)) -> None:
    """When all is live, which it may not be at each moment of a busy machine. With few colours: the docs are read."""
    path = DOCS / name
    for _ in range(ATTEMPTS):
        prepare()
        page.wait_for_timeout(SETTLE_MS)
        page.screenshot(path=path)
        if page.evaluate(LIVE) == cameras and page.evaluate(FITTING):
            break
    reduce_colours(path)


def reduce_colours(path: Path) -> None:
    """Make a screenshot smaller."""
    with Image.open(path) as shot:
        small = shot.convert("RGB").quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
