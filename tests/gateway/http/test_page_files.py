"""The page's scripts and styles: under their version, and requested at once."""

import re
from pathlib import Path

import pytest

from gateway.http.page_files import CODE, joined_styles, modules_of, page_file, page_version, version_of
from gateway.http.static_files import STATIC_DIR
from tests.gateway.conftest import Site

IMPORT = re.compile(r'^(?:import|export)\b[^;]*? from "(\.[^"]+)"', re.MULTILINE)
STYLES = re.compile(r'rel="stylesheet" href="page/([^"]+)"(?: data-page="(\w+)")?')
LINKED = re.compile(r'(?:href|src)="page/([^"]+)"')


def imported(path: Path) -> set[Path]:
    """A module and all that it imports before it starts."""
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        module = waiting.pop().resolve()
        if module not in found:
            found.add(module)
            waiting += [module.parent / name for name in IMPORT.findall(module.read_text())]
    return found


@pytest.mark.parametrize("entry", ["app.js", "login.js", "settings/settings.js"])
def test_every_module_that_a_page_starts_with_is_found(entry: str) -> None:
    modules = modules_of(entry)
    assert {(STATIC_DIR / name).resolve() for name in modules} == imported(STATIC_DIR / entry)
    assert len(modules) == len(set(modules)) > 2
    assert modules[0] == entry


async def test_a_page_names_its_scripts_and_styles_by_their_version(site: Site) -> None:
    version = page_version()
    for path, entry in {"/": "app.js", "/camera/front/": "app.js", "/login": "login.js"}.items():
        linked = LINKED.findall((await site.get(path)).body.decode())
        code = [name for name in linked if name.endswith(CODE)]
        assert {f"{version}/{name}" for name in modules_of(entry)} <= set(code)
        assert [name for name in linked if name.startswith(version)] == code, "icons have none"
        for name in code:
            answer = await site.get(f"/page/{name}")
            assert answer.code == 200
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_the_styles_of_a_page_are_one_request(site: Site) -> None:
    for path, page, kind in (
        ("/", "index", "all"),
        ("/camera/front/", "index", "camera"),
        ("/settings", "settings/settings", "all"),
    ):
        styles = STYLES.findall((STATIC_DIR / f"{page}.html").read_text())
        wanted = [name for name, only in styles if only in ("", kind)]
        linked = STYLES.findall((await site.get(path)).body.decode())
        assert linked == [(f"{page_version()}/{page}.{kind}.css", "")]
        answer = await site.get(f"/page/{linked[0][0]}")
        assert answer.headers["Content-Type"].startswith("text/css")
        assert answer.body == b"".join(page_file(style).content for style in wanted)
        assert len(wanted) > 1


def test_a_page_is_sent_no_styles_of_another_kind() -> None:
    of_all, of_one = (set(joined_styles()[f"index.{kind}.css"]) for kind in ("all", "camera"))
    assert of_all - of_one == {"grid/grid.css", "timeline/last-events.css"}
    assert of_one - of_all == {"timeline/timeline.css", "single/single.css", "controls/controls.css"}
    assert {name for name in joined_styles() if name.startswith("settings/")} == {"settings/settings.all.css"}


def test_scripts_and_styles_are_sent_without_comments_and_icons_as_they_are() -> None:
    assert page_file("app.js").content.lstrip().startswith(b"import ")
    for name in ("app.js", "style.css"):
        assert (STATIC_DIR / name).read_bytes().count(b"\n") == page_file(name).content.count(b"\n")
        assert b"/*" not in page_file(name).content
    assert page_file("icon.svg").content == (STATIC_DIR / "icon.svg").read_bytes()


def test_a_version_changes_with_any_file() -> None:
    assert re.fullmatch("[0-9a-f]{12}", page_version())
    versions = [version_of(files) for files in ({"a": "1"}, {"a": "2"}, {"b": "1"}, {"a": "1", "b": "1"})]
    assert len({*versions, page_version()}) == 5
    assert version_of({"a": "1", "b": "2"}) == version_of({"b": "2", "a": "1"})
