"""The screenshots of the page that the docs show, of drawn cameras."""

import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.pictures.scenes import SCENES
from tests.processes import wait_until

DOCS = Path(__file__).parents[2] / "docs"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
TITLES = {"front": "Front door", "printer": "3D printer", "drive": "Drive", "back": "Behind the house"}
START_SECONDS = 60.0
COLOURS = 256
ATTEMPTS = 30
SETTLE_MS = 700
"""For what fades in or out."""
LIVE = "document.querySelectorAll('camera-view[data-state=live]').length"
RESTING = "document.body.dataset.rest === 'true'"


def take_all(browser: Browser) -> None:
    """Write docs/page*.png."""
    with running(_drawn()) as url:
        with _page(browser, url, DESKTOP) as page:
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


def _drawn() -> list[str]:
    """The drawn cameras, and one that is not plugged in."""
    tables = [
        f'[camera.{name}]\nsource = "program"\ntitle = "{TITLES.get(name, name.capitalize())}"' for name in SCENES
    ]
    tables.append('[camera.cellar]\nsource = "v4l2:/dev/video63"\ntitle = "Cellar"')
    tables.append('[program.scenes]\ncommand = ["{python}", "-m", "tests.pictures.scenes"]')
    tables.append(f'directory = "{DOCS.parent}"')
    return tables


@contextmanager
def running(more: Sequence[str] = ()) -> Iterator[str]:
    """A framebus with these tables, on a port of its own."""
    with socket.socket() as chosen, tempfile.TemporaryDirectory(prefix="framebus-pictures-") as folder:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
        chosen.close()
        run = Path(folder) / "run"
        run.mkdir(mode=0o700)
        tables = [f'run_dir = "{run}"', f'[gateway]\nlisten = "127.0.0.1:{port}"']
        tables += more
        config = Path(folder) / "framebus.toml"
        config.write_text("\n".join(tables) + "\n")
        up = subprocess.Popen([sys.executable, "-P", "-m", "framebus", "up", "--config", str(config)])
        try:
            wait_until(lambda: _answers(f"http://127.0.0.1:{port}/api/cameras"), "the gateway", START_SECONDS)
            yield f"http://127.0.0.1:{port}"
        finally:
            up.terminate()
            up.wait(START_SECONDS)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except OSError:
        return False


@contextmanager
def _page(browser: Browser, url: str, viewport: dict[str, int], **options: Any) -> Iterator[Page]:
    context = browser.new_context(viewport=viewport, locale="en-GB", **options)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(url)
    wait_until(lambda: page.evaluate(LIVE) == len(SCENES), "live pictures", START_SECONDS)
    yield page
    context.close()


def _point_at(page: Page) -> None:
    """Move the pointer on a picture, which shows the captions."""
    page.mouse.move(200, 150)
    page.mouse.move(400, 300)


def _save(page: Page, name: str, prepare: Callable[[], None] = lambda: None) -> None:
    """When all is live, which it may not be at each moment of a busy machine. With few colours: the docs are read."""
    path = DOCS / name
    for _ in range(ATTEMPTS):
        prepare()
        page.wait_for_timeout(SETTLE_MS)
        page.screenshot(path=path)
        if page.evaluate(LIVE) == len(SCENES):
            break
    reduce_colours(path)


def reduce_colours(path: Path) -> None:
    """Make a screenshot smaller."""
    with Image.open(path) as shot:
        small = shot.convert("RGB").quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
