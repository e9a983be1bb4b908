"""The pages stay small: all that a browser ever loads of one, as it is sent, with what is imported on demand."""

import gzip
import posixpath
import re

import pytest

from gateway.http.page_files import page_file, versioned_text
from gateway.http.static_files import STATIC_DIR

LIMIT_BYTES = 100_000
IMPORT = re.compile(r'^(?:import|export)\b[^;]*?from "(\.[^"]+)"|\bimport\("(\.[^"]+)"\)', re.MULTILINE)
"""Before a module starts, or on demand. The words of other languages have no name there, and are not counted."""
LINKED = re.compile(r'(?:href|src)="page/(?:[0-9a-f]{12}/)?([^"]+\.(?:css|js|svg|webmanifest))"')
ALWAYS_THERE = {
    "index.html": {
        "index.all.css",
        "grid/layout.js",
        "timeline/film.js",
        "controls/controls-panel.js",
        "single/watchers.js",
        "keys/key-help.js",
        "words/en.js",
    },
    "settings/settings.html": {"settings/settings.all.css", "settings/chooser.js", "words/en.js"},
    "login.html": {"style.css", "words/en.js"},
}


def reachable(page: str) -> set[str]:
    """What a page links to, and all that its scripts may ever import."""
    waiting = LINKED.findall(versioned_text(page))
    found: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        if path.endswith(".js"):
            names = [first or later for first, later in IMPORT.findall(page_file(path).content.decode())]
            waiting += [posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) for name in names]
    return found


def sent(path: str) -> int:
    """The bytes that a browser is sent."""
    file = page_file(path)
    return len(file.compressed or file.content)


@pytest.mark.parametrize("page", ALWAYS_THERE)
def test_all_of_a_page_has_less_than_100_kb(page: str) -> None:
    files = reachable(page)
    assert files >= ALWAYS_THERE[page]
    assert not files & {"words/de.js", "words/zh.js"}
    sizes = {path: sent(path) for path in files} | {page: len(gzip.compress(versioned_text(page).encode()))}
    assert sum(sizes.values()) < LIMIT_BYTES, sorted(sizes.items(), key=lambda item: -item[1])[:10]


def test_an_icon_is_smaller_than_a_picture() -> None:
    icons = [*STATIC_DIR.glob("icons/*"), STATIC_DIR / "favicon.ico"]
    assert len(icons) > 4
    assert max(icon.stat().st_size for icon in icons) < 8_000
