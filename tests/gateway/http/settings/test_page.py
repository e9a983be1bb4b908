"""The page of the settings."""

import re
from pathlib import Path

import pytest

from framebus.config.load import Config
from gateway.http.static_files import STATIC_DIR
from tests.conftest import Configure
from tests.gateway.access.accounts_site import ANNA, PASSWORD, basic, site_with
from tests.gateway.conftest import serving


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure(gateway='allow_frames = ["*"]')


async def test_the_page_may_be_shown_in_no_frame(config: Config) -> None:
    async with serving(config) as site:
        page = await site.get("/settings")
    assert page.code == 200
    assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
    assert "*" not in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-cache"


async def test_a_browser_that_is_not_logged_in_goes_to_the_login(config: Config) -> None:
    async with site_with(config, users=ANNA) as site:
        page = await site.get("/settings", headers={"Accept": "text/html"})
        assert (page.code, page.headers["Location"]) == (302, "./login?next=/settings")
        assert (await site.get("/settings", headers=basic("anna", PASSWORD))).code == 200


async def test_every_file_that_it_names_is_served(config: Config) -> None:
    async with serving(config) as site:
        page = (await site.get("/settings")).body.decode()
        named = re.findall(r'(?:href|src)="(page/[^"]+)"', page)
        assert len(named) >= 4
        for path in named:
            assert (await site.get(f"/{path}")).code == 200, path


def test_every_text_of_the_settings_is_there_and_used() -> None:
    words = (STATIC_DIR / "words" / "en.js").read_text()
    there = set(re.findall(r'^  "(settings\.\w+)":', words, flags=re.M))
    files = [path for path in STATIC_DIR.rglob("*") if path.suffix in (".js", ".html") and path.parent.name != "words"]
    used = {key for path in files for key in _keys(path)}
    assert used - there == set()
    assert there - used == set()


def _keys(path: Path) -> list[str]:
    return re.findall(r'"(settings\.\w+)"', path.read_text())
