"""The pages in WebKitGTK, whose engine Safari shares: all cameras, one camera with its controls, and the settings."""

from pathlib import Path

import pytest

from tests.e2e.conftest import Up
from tests.e2e.webkit import webkit

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CAMERA = '[camera.front]\nsource = "testcard"\nsize = "320x240"\nfps = 10\nrecord = "always"\n'
LIVE = "document.querySelector('camera-view')?.dataset.state === 'live' && document.body.dataset.tools === 'ready'"
DRAWN = "Number(document.querySelector('camera-view').dataset.frames)"
CORNER = "document.querySelector('canvas').getContext('2d').getImageData(5, 5, 1, 1).data[0]"


def test_the_pages_work_in_webkit(up: Up, tmp_path: Path) -> None:
    with webkit(tmp_path / "webkit") as browser:
        pipeline = up(f'{CAMERA}[recorder]\nfolder = "{tmp_path / "recordings"}"\n')
        browser.go_to(pipeline.url)
        browser.wait_until(LIVE)
        drawn = browser.evaluate(DRAWN)
        browser.wait_until(f"{DRAWN} > {drawn + 5}")
        assert 150 < browser.evaluate(CORNER) < 220, "the grey of the test card"

        browser.go_to(f"{pipeline.url}/camera/front/")
        browser.wait_until(LIVE)
        browser.press("c")
        browser.wait_until("document.querySelector('[data-control=brightness] input[type=range]') !== null")
        browser.press("\ue00c")  # Esc
        browser.wait_until("document.querySelector('.controls') === null")
        browser.wait_until("document.querySelector('time-line .track') !== null")
        browser.press(",")
        browser.wait_until("document.querySelector('camera-view').dataset.state === 'recorded'")
        browser.press("l")
        browser.wait_until(LIVE)

        browser.go_to(f"{pipeline.url}/settings")
        browser.wait_until("document.body.dataset.ready === ''")
        browser.wait_until("document.querySelector('[data-camera=front] img').naturalWidth > 0")
