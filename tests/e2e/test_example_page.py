"""The page of examples/ in a real browser, from a site of its own: the golden files, and a live camera."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from framebus.protocol.wire import FrameHeader, parse
from tests.e2e.conftest import Up
from tests.examples.test_examples import EXAMPLES

GOLDEN = Path(__file__).parents[1] / "framebus" / "golden"
pytestmark = [pytest.mark.browser, pytest.mark.slow]


class Silent(SimpleHTTPRequestHandler):
    """Logs nothing."""

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """Where the examples are served from."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(EXAMPLES))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_it_reads_golden_files_and_a_camera(up: Up, site: str, browser: Browser) -> None:
    pipeline = up(gateway=f'allow_origins = ["{site}"]')
    page = browser.new_page()
    page.goto(f"{site}/read_frames.html")
    for file in ("live.bin", "half.bin", "live-from-later.bin"):
        message = (GOLDEN / file).read_bytes()
        parts, header = parse(message, FrameHeader)
        read = page.evaluate(
            "bytes => { const found = framebus.read(new Uint8Array(bytes).buffer);"
            " return [found.kind, found.name, found.header.seq, found.body.length] }",
            list(message),
        )
        assert read == [parts.kind, parts.camera, header.seq, len(parts.body)]
    page.goto(f"{site}/read_frames.html?{pipeline.url.replace('http', 'ws')}/ws&front")
    page.wait_for_function("/^frame \\d+: 320x240, \\d+ bytes$/.test(document.querySelector('p')?.textContent)")
    first = page.locator("p").inner_text()
    page.wait_for_function("first => document.querySelector('p').textContent !== first", arg=first)
    assert page.evaluate("document.querySelector('canvas').width") == 320
    page.close()
