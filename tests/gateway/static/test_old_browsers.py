"""The page uses nothing that browsers of the end of 2020 do not know, and the plain page's script only ECMAScript 5.

Chromium 87, 88 and 90 were seen to show the page, and 83 the plain page. The versions are those of MDN's compatibility
data: the first of Chromium to know each.
"""

import re
from itertools import pairwise
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[3] / "gateway" / "static"
CHROMIUM = 87
MODULES = sorted(path for path in STATIC.rglob("*.js") if path.name != "plain.js")
NEWER = {
    r"\bstatic\s*\{": 94,
    r"#\w+ in\b": 91,
    r"^await\b": 89,
    r"[\])]\.at\(": 92,
    r"\bObject\.(hasOwn|groupBy)\b": 93,
    r"\.findLast(Index)?\(": 97,
    r"\bstructuredClone\(": 98,
    r"\bAbortSignal\.(timeout|any|abort)\b": 93,
    r"\bPromise\.(withResolvers|try)\b": 119,
    r"\.to(Sorted|Reversed|Spliced)\(": 110,
    r"\bArray\.fromAsync\b": 121,
    r"\bcrypto\.randomUUID\b": 92,
    r"\b(ImageDecoder|VideoFrame)\b": 94,
    r"\bnavigator\.userAgentData\b": 90,
    r"\bscheduler\.": 94,
    r"\bURL\.canParse\b": 120,
    r"\bnew URLPattern\b": 95,
    r"\bCompressionStream\b.*deflate-raw": 103,
    r"/[dgimsuy]*v[dgimsuy]*[;,)\s]": 112,
}
"""How what is too new looks, and from which version on it is there."""
STYLES = sorted(STATIC.rglob("*.css"))
NEWER_RULES = {
    r":has\(": 105,
    r":(is|where)\(": 88,
    r":not\([^()]*,": 88,
    r"^\s*&": 112,
    r"@(container|layer|scope|property|starting-style)\b": 99,
    r"@media[^{]*[<>]": 104,
    r":(modal|popover-open|user-(in)?valid|open)\b": 105,
}
"""Rules that an older browser leaves out as a whole, with all other selectors of the rule."""
NEWER_VALUES = {r"[0-9][dsl]v[hw]\b": 108, r"\bcolor-mix\(": 111, r"\b(light-dark|oklch|round)\(": 111}
"""Values that an older browser leaves out: the line before has one that it knows."""
NEWER_PROPERTIES = {r"^\s*(translate|scale|rotate):": 104, r"^\s*(overflow[-xy]*): clip": 90}
NOT_ECMASCRIPT_5 = r"=>|\b(let|const|class|async|await)\b|`|\?\?|\?\.|\.\.\.|\bfor \(.* of "


def code(path: Path) -> str:
    """A script without its comments."""
    return re.sub(r"/\*.*?\*/|^\s*//.*?$|(?<=[;{}]) //.*?$", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_the_page_uses_nothing_newer(path: Path) -> None:
    assert all(version > CHROMIUM for version in NEWER.values())
    found = {pattern: re.findall(pattern, code(path), re.MULTILINE) for pattern in NEWER}
    assert {pattern: seen for pattern, seen in found.items() if seen} == {}


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_a_style_is_whole_without_what_is_newer(path: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    assert [pattern for pattern in NEWER_RULES | NEWER_PROPERTIES if re.search(pattern, text, re.MULTILINE)] == []
    lines = [line.strip() for line in text.splitlines()]
    without = [
        line
        for before, line in pairwise(lines)
        if any(re.search(pattern, line) for pattern in NEWER_VALUES)
        and before.partition(":")[0] != line.partition(":")[0]
    ]
    assert without == [], "an older value stands before each"


def test_the_script_of_the_plain_page_is_ecmascript_5() -> None:
    assert re.findall(NOT_ECMASCRIPT_5, code(STATIC / "plain.js")) == []


@pytest.mark.parametrize("line", ["class A { static { } }", "x = [1].at(-1)", "if (#a in b)", "structuredClone(a)"])
def test_what_is_newer_is_found(line: str) -> None:
    assert any(re.search(pattern, line, re.MULTILINE) for pattern in NEWER)
