"""The page's first picture in Chromium, on a first and a second visit, beside a page of one <img> of the stream."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from benchmarks.pipeline import pipeline
from benchmarks.processes import SkippedBenchmark
from benchmarks.session import Session
from benchmarks.table import number, ratio, table

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

TITLE = "First picture: from the request of the page to the picture, in Chromium, in ms"
ROUNDS = 9
VIEWPORT = {"width": 1280, "height": 800}
BARE, FIRST, SECOND = "one <img>", "first visit", "second visit"
WATCH = """
    const look = () => {
        const image = document.querySelector("img.bare");
        const drawn = Number(document.querySelector("camera-view")?.dataset.frames ?? 0);
        if (drawn > 0 || image?.naturalWidth > 0) window.pictureAt = performance.now();
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
"""
"""Notes when there is a picture, in ms since the request."""
PICTURE_AT = """() => new Promise((done) => {
    const look = () => (window.pictureAt ? done(window.pictureAt) : setTimeout(look, 5));
    look();
})"""


class BarePage(BaseHTTPRequestHandler):
    """A page that is the stream of a camera."""

    def __init__(self, stream: str, *arguments: object) -> None:
        self._stream = stream
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer with it."""
        page = f'<!doctype html><title>bare</title><img class="bare" src="{self._stream}">'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def run(session: Session) -> None:
    """Measure a new browser profile each time: the bare page, and two visits of ours."""
    with chromium() as browser, pipeline(session.camera(162), session.new_folder()) as ours:
        page = f"http://{ours.host}:{ours.port}/"
        with bare_page(f"{page}stream.mjpg") as bare:
            for at in range(session.rounds(ROUNDS) + 1):
                times = {BARE: visit_new(browser, bare)}
                context = browser.new_context(viewport=VIEWPORT)  # type: ignore[arg-type]
                times |= {name: visit(context, page) for name in (FIRST, SECOND)}
                context.close()
                session.progress(", ".join(f"{name} {ms:.0f} ms" for name, ms in times.items()))
                if at > 0:  # the browser and the gateway do some things once
                    for name, ms in times.items():
                        session.results.add(f"first-picture/{name}", ms, "ms")
    print(report(session))


@contextmanager
def chromium() -> "Iterator[Browser]":
    """The browser. Raises SkippedBenchmark without playwright or Chromium."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise SkippedBenchmark("playwright: not installed: left out") from None
    program = shutil.which("chromium")
    if program is None:
        raise SkippedBenchmark("chromium: not installed: left out")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@contextmanager
def bare_page(stream: str) -> Iterator[str]:
    """The address of a page that is this stream."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(BarePage, stream))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def visit_new(browser: "Browser", url: str) -> float:
    """Visit a page with a new profile."""
    context = browser.new_context(viewport=VIEWPORT)  # type: ignore[arg-type]
    ms = visit(context, url)
    context.close()
    return ms


def visit(context: "BrowserContext", url: str) -> float:
    """Return after how many ms there is a picture."""
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(url, wait_until="commit")
    ms = float(page.evaluate(PICTURE_AT))
    page.close()
    return ms


def report(session: Session) -> str:
    """Return the table."""
    values = {name: session.results.value(f"first-picture/{name}") for name in (BARE, FIRST, SECOND)}
    rows = [[name, number(value, 0), ratio(value, values[BARE])] for name, value in values.items()]
    return table(["", "ms", "to one <img>"], rows)
