"""The script of the plain page, run in node without a browser: what it asks for again."""

import json
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from framebus.protocol.stills import ClipRequest, SnapshotRequest, from_query
from gateway.http.plain_page import STREAMS, plain_cameras
from tests.programs import need

RELOAD = Path(__file__).with_name("reload.mjs")
TITLES = {f"c{number}": "" for number in range(STREAMS + 2)}


class Stills(HTMLParser):
    """Collects the addresses of the stills of a plain page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.urls += [value for name, value in attrs if name == "data-still" and value]


def ran(urls: list[str]) -> dict[str, list[str]]:
    """What the script asks for: `again`, and after errors of a stream and of a still, `failed`."""
    done = subprocess.run([need("node"), RELOAD], input=json.dumps(urls), capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.medium
def test_a_stream_that_failed_is_asked_for_again() -> None:
    stream, still = ran([])["failed"]
    assert stream.startswith("url?a=1&now=")
    assert still == "", "all stills are asked for every five seconds anyway"


@pytest.mark.medium
def test_a_still_that_is_asked_for_again_is_the_same_request_at_another_address() -> None:
    urls = Stills(plain_cameras(TITLES, token="secret")).urls
    again = ran(urls)["again"]
    assert len(again) == len(urls) == 2
    for before, after in zip(urls, again, strict=True):
        assert after != before
        asked, query = (dict(parse_qsl(urlsplit(url).query)) for url in (before, after))
        assert from_query("front", query) == from_query("front", asked)
        added = set(query) - set(asked)
        assert not added & {*SnapshotRequest.__struct_fields__, *ClipRequest.__struct_fields__}
