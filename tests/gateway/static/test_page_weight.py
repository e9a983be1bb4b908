"""The page of all cameras stays small: what a browser loads of it to show the first picture, compressed."""

import gzip
import re
from pathlib import Path

STATIC = Path(__file__).parents[3] / "gateway" / "static"
LIMIT_BYTES = 100_000
IMPORT = re.compile(r'^(?:import|export)\b[^;]*?from "([^"]+)"', re.MULTILINE)
LINKED = re.compile(r'(?:href|src)="page/([^"]+\.(?:css|js|svg|webmanifest))"')
LEVEL = 6
"""What servers use."""


def loaded() -> set[Path]:
    """The page, what it links to, and what that imports before it starts."""
    index = STATIC / "index.html"
    found = {index}
    waiting = [STATIC / name for name in LINKED.findall(index.read_text())]
    while waiting:
        path = waiting.pop().resolve()
        if path in found:
            continue
        found.add(path)
        if path.suffix == ".js":
            waiting += [path.parent / name for name in IMPORT.findall(path.read_text())]
    return found


def test_all_of_it_has_less_than_100_kb() -> None:
    files = loaded()
    assert {"app.js", "en.js", "layout.js", "camera-view.js", "wire.js", "style.css"} <= {path.name for path in files}
    sizes = {str(path.relative_to(STATIC)): len(gzip.compress(path.read_bytes(), LEVEL)) for path in files}
    assert sum(sizes.values()) < LIMIT_BYTES, sorted(sizes.items(), key=lambda item: -item[1])[:10]


def test_an_icon_is_smaller_than_a_picture() -> None:
    icons = [*STATIC.glob("icons/*"), STATIC / "favicon.ico"]
    assert len(icons) > 4
    assert max(icon.stat().st_size for icon in icons) < 8_000
