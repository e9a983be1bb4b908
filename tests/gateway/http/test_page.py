"""The page and its files, and the actions of mjpg-streamer."""

import io
import itertools
import json
from urllib.parse import urljoin

import pytest
from PIL import Image

from gateway.http.page import MANIFEST
from gateway.http.page_files import page_file
from gateway.http.static_files import STATIC_DIR
from tests.conftest import Configure
from tests.gateway.access.accounts_site import TWO, add, token
from tests.gateway.camera import jpeg
from tests.gateway.conftest import Site, serving
from tests.gateway.still_service import StillService

BLUE = (29, 111, 224)
"""The ground of the icon."""


async def test_the_page_is_served_with_its_base(site: Site) -> None:
    front = await site.get("/")
    assert front.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b'<base href="./">' in front.body
    one = await site.get("/camera/front/")
    assert b'<base href="../../">' in one.body
    assert (await site.get("/?action=")).body == front.body


async def test_the_page_of_a_camera_is_found_without_the_slash(site: Site) -> None:
    answer = await site.get("/camera/front")
    assert (answer.code, answer.headers["Location"]) == (302, "front/")


async def test_every_file_of_the_page_is_served_as_what_it_is(site: Site) -> None:
    kinds = {
        ".js": "text/javascript",
        ".css": "text/css",
        ".svg": "image/svg+xml",
        ".png": "image/png",
        ".webmanifest": "application/manifest+json",
    }
    files = [file for file in STATIC_DIR.rglob("*") if file.suffix in kinds]
    assert files
    for file in files:
        answer = await site.get(f"/page/{file.relative_to(STATIC_DIR)}")
        assert answer.code == 200
        assert answer.body == page_file(file.relative_to(STATIC_DIR).as_posix()).content
        assert answer.headers["Content-Type"].startswith(kinds[file.suffix])
        assert answer.headers["Cache-Control"] == "no-cache"


async def test_the_page_is_an_app_unless_it_has_a_token(site: Site) -> None:
    """All addresses of an app are relative, so that it starts under the prefix of a proxy."""
    manifest = json.loads((await site.get("/page/app.webmanifest")).body)
    assert manifest["display"] == "standalone"
    home = "http://host/prefix/"
    assert [urljoin(f"{home}page/app.webmanifest", manifest[key]) for key in ("start_url", "scope")] == [home, home]
    for icon in manifest["icons"]:
        answer = await site.get(f"/page/{icon['src']}")
        assert answer.headers["Content-Type"] == icon["type"]
        if icon["type"] == "image/png":
            with Image.open(io.BytesIO(answer.body)) as image:
                assert "x".join(map(str, image.size)) == icon["sizes"]
    for path in ("/", "/camera/front/"):
        assert MANIFEST in (await site.get(path)).body.decode()
    add(site.config, tokens={"friend": token("secret", "view")})
    for path in ("/", "/camera/front/"):
        assert "app.webmanifest" not in (await site.get(f"{path}?token=secret")).body.decode()


async def test_an_icon_is_where_browsers_look_for_one(site: Site) -> None:
    answer = await site.get("/favicon.ico")
    with Image.open(io.BytesIO(answer.body)) as icon:
        assert icon.format == "ICO"
        assert {(16, 16), (32, 32)} <= icon.info["sizes"]
    assert (await site.get("/favicon-ico")).code == 404


async def test_a_mask_cuts_nothing_off_the_icon() -> None:
    """Whatever shape a phone cuts, it keeps a circle of four fifths of the width."""
    with Image.open(STATIC_DIR / "icons" / "maskable-512.png") as icon:
        picture = icon.convert("RGB")
    for x, y in itertools.product(range(0, 512, 8), repeat=2):
        if (x - 256) ** 2 + (y - 256) ** 2 > (0.4 * 512) ** 2:
            blue = picture.crop((x, y, x + 1, y + 1)).tobytes()
            assert max(abs(one - other) for one, other in zip(blue, BLUE, strict=True)) <= 3


@pytest.mark.parametrize(
    "path",
    [
        "/page/../server.py",
        "/page/%2e%2e/server.py",
        "/page//etc/passwd",
        "/page/no",
        "/page/login.html",
        "/page/",
        "/page/%00",
    ],
)
async def test_a_path_that_is_no_file_of_the_page_is_not_found(site: Site, path: str) -> None:
    assert (await site.get(path)).code == 404


@pytest.mark.parametrize("action", ["command", "take", "snapshot_x", "unheard-of", "%ff"])
@pytest.mark.parametrize("path", ["/", "/camera/front/"])
async def test_an_unknown_action_is_no_page(path: str, action: str, site: Site) -> None:
    """A timelapse would fill with pages."""
    answer = await site.get(f"{path}?action={action}&dest=0")
    assert answer.code == 400
    assert answer.body.startswith(b"400: action: found ")
    assert b"allowed: stream and snapshot" in answer.body


async def test_a_number_means_the_camera_of_that_place(configure: Configure) -> None:
    async with serving(configure(TWO)) as site:
        config = site.config
        async with StillService(config).answering(jpeg()) as service:
            await site.get("/?action=snapshot_1")
            await site.get("/camera/back/?action=snapshot")
        assert [asked["camera"] for asked in service.requests] == ["back", "back"]
        answer = await site.get("/?action=snapshot_7")
        assert (answer.code, answer.body) == (404, b"404: there is no camera 7; there are 0 to 1\n")


async def test_a_number_is_no_way_to_a_hidden_camera(configure: Configure) -> None:
    config = configure(TWO)
    add(config, tokens={"b": token("secret", "view", "snapshot", cameras=("back",))})
    async with serving(config) as site:
        for number in (0, 7):
            for kind in ("snapshot", "stream"):
                assert (await site.get(f"/?action={kind}_{number}&token=secret")).code == 403
        async with StillService(config).answering(jpeg()) as service:
            assert (await site.get("/?action=snapshot_1&token=secret")).code == 200
        assert service.requests[0]["camera"] == "back"


@pytest.mark.parametrize("action", ["snapshot?n=1", "snapshot_0", "Snapshot"])
async def test_a_still_is_asked_for_as_clients_of_mjpg_streamer_do(action: str, site: Site) -> None:
    async with StillService(site.config).answering(jpeg("green")):
        answer = await site.get(f"/?action={action}")
    assert (answer.code, answer.body) == (200, jpeg("green"))


async def test_a_long_action_is_quoted_in_part(site: Site) -> None:
    answer = await site.get(f"/?action={'x' * 100}")
    allowed = "stream and snapshot, with _N for the camera with that number, counted from 0"
    assert answer.body.decode() == f"400: action: found '{'x' * 40}'; allowed: {allowed}\n"


async def test_a_redirect_to_the_page_drops_the_query(site: Site) -> None:
    answer = await site.get("/camera/front?token=secret")
    assert answer.headers["Location"] == "front/"


async def test_only_listed_sites_may_show_the_page_in_a_frame(configure: Configure) -> None:
    async with serving(configure(gateway='allow_frames = ["https://home.example"]')) as site:
        answer = await site.get("/")
    assert answer.headers["Content-Security-Policy"].endswith("frame-ancestors 'self' https://home.example")
    assert answer.headers["Cache-Control"] == "no-cache"


async def test_a_file_that_the_browser_has_is_not_sent_again(site: Site) -> None:
    first = await site.get("/page/style.css")
    again = await site.get("/page/style.css", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.code, again.body) == (304, b"")


async def test_another_file_is_sent_although_its_date_is_older(site: Site) -> None:
    """A package may install files with the date of its build, and a Pi without a clock those of 1970."""
    headers = {"If-None-Match": '"other"', "If-Modified-Since": "Fri, 31 Dec 2060 00:00:00 GMT"}
    answer = await site.get("/page/style.css", headers=headers)
    assert (answer.code, answer.body) == (200, page_file("style.css").content)
