"""The page's script uses nothing that browsers of the end of 2020 do not know, and the plain page's only ECMAScript 5.

Chromium 87, 88 and 90 were seen to show the page, and 83 the plain page. The versions are those of MDN's compatibility
data: the first of Chromium to know each.
"""

import re
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
NOT_ECMASCRIPT_5 = r"=>|\b(let|const|class|async|await)\b|`|\?\?|\?\.|\.\.\.|\bfor \(.* of "


def code(path: Path) -> str:
    """A script without its comments."""
    return re.sub(r"/\*.*?\*/|^\s*//.*?$|(?<=[;{}]) //.*?$", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_the_page_uses_nothing_newer(path: Path) -> None:
    assert all(version > CHROMIUM for version in NEWER.values())
    found = {pattern: re.findall(pattern, code(path), re.MULTILINE) for pattern in NEWER}
    assert {pattern: seen for pattern, seen in found.items() if seen} == {}


def test_the_script_of_the_plain_page_is_ecmascript_5() -> None:
    assert re.findall(NOT_ECMASCRIPT_5, code(STATIC / "plain.js")) == []


@pytest.mark.parametrize("line", ["class A { static { } }", "x = [1].at(-1)", "if (#a in b)", "structuredClone(a)"])
def test_what_is_newer_is_found(line: str) -> None:
    assert any(re.search(pattern, line, re.MULTILINE) for pattern in NEWER)
