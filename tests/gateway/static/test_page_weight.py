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
TOOLS = {"timeline/film.js", "controls/controls-panel.js", "single/watchers.js", "keys/key-help.js", "words/en.js"}
ALWAYS_THERE = {
    ("index.html", "all"): {"index.all.css", "grid/layout.js", *TOOLS},
    ("index.html", "camera"): {"index.camera.css", *TOOLS},
    ("settings/settings.html", "all"): {"settings/settings.all.css", "settings/chooser.js", "words/en.js"},
    ("login.html", "all"): {"style.css", "words/en.js"},
}
"""Of each page and its kind. Those of all cameras and of one share a script, so that the tools of both are counted."""


def reachable(text: str) -> set[str]:
    """What the text of a page links to, and all that its scripts may ever import."""
    waiting = LINKED.findall(text)
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


@pytest.mark.parametrize(("page", "kind"), ALWAYS_THERE)
def test_all_of_a_page_has_less_than_100_kb(page: str, kind: str) -> None:
    text = versioned_text(page, kind)
    files = reachable(text)
    assert files >= ALWAYS_THERE[page, kind]
    assert not files & {"words/de.js", "words/zh.js"}
    sizes = {path: sent(path) for path in files} | {page: len(gzip.compress(text.encode()))}
    assert sum(sizes.values()) < LIMIT_BYTES, sorted(sizes.items(), key=lambda item: -item[1])[:10]


def test_an_icon_is_smaller_than_a_picture() -> None:
    icons = [*STATIC_DIR.glob("icons/*"), STATIC_DIR / "favicon.ico"]
    assert len(icons) > 4
    assert max(icon.stat().st_size for icon in icons) < 8_000
