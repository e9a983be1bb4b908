"""What every handler does: headers, methods, errors, and the requests of other sites."""

import asyncio
import json

import pytest

from framebus import __version__
from framebus.config.load import Config
from framebus.protocol.wire import pack
from tests.conftest import Configure
from tests.gateway.access.accounts_site import TWO, add, token
from tests.gateway.camera import PublishedCamera, jpeg
from tests.gateway.conftest import Site, serving
from tests.gateway.still_service import StillService
from tests.headers import frame_header


@pytest.fixture
def two_cameras(configure: Configure) -> Config:
    """Two cameras, and another site that may use them."""
    return configure(TWO, gateway='allow_origins = ["https://home.example"]')


PREFLIGHT = {"Origin": "https://home.example", "Access-Control-Request-Method": "PATCH"}


@pytest.mark.parametrize("path", ["/api/cameras/front/controls", "/snapshot", "/stream", "/api/cameras", "/healthz"])
async def test_a_preflight_of_a_listed_site_is_answered(path: str, two_cameras: Config) -> None:
    add(two_cameras, tokens={"t": token("secret", "view")})
    asked = {**PREFLIGHT, "Access-Control-Request-Headers": "authorization,if-none-match"}
    async with serving(two_cameras) as site:
        answer = await site.get(path, method="OPTIONS", headers=asked)
        theirs = await site.get(path, method="OPTIONS", headers={**asked, "Origin": "https://evil.example"})
    assert answer.code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "https://home.example"
    assert {"Authorization", "If-None-Match", "Content-Type"} <= set(
        answer.headers["Access-Control-Allow-Headers"].split(", ")
    )
    methods = set(answer.headers["Access-Control-Allow-Methods"].split(", "))
    assert ("PATCH" in methods) == path.endswith("controls")
    assert "GET" in methods
    assert not [header for header in theirs.headers if header.startswith("Access-Control-")]


async def test_another_sites_scripts_may_read_what_a_still_tells(two_cameras: Config) -> None:
    add(two_cameras, tokens={"t": token("secret", "snapshot", "control", "view")})
    asked = {"Origin": "https://home.example", "Authorization": "Bearer secret"}
    header = frame_header("front", 7)
    async with (
        serving(two_cameras) as site,
        StillService(two_cameras).saying(pack("snapshot", "front", header, jpeg())),
    ):
        answer = await site.get("/snapshot", headers=asked)
        assert answer.code == 200
        exposed = set(answer.headers["Access-Control-Expose-Headers"].split(", "))
        assert {"ETag", "Age", "X-Timestamp", "X-Width", "X-Height", "X-Camera"} <= exposed
        again = await site.get("/snapshot", headers={**asked, "If-None-Match": answer.headers["ETag"]})
        assert (again.code, again.headers["Access-Control-Allow-Origin"]) == (304, "https://home.example")
        controls = "/api/cameras/front/controls"
        assert (await site.get(controls, method="PATCH", headers=asked, body="{}")).code == 415


async def test_every_path_says_its_methods(two_cameras: Config) -> None:
    async with serving(two_cameras) as site:
        options = await site.get("/api/cameras/front/controls", method="OPTIONS")
        assert options.headers["Allow"] == "GET, HEAD, POST, DELETE, PATCH, OPTIONS"
        wrong = await site.get("/healthz", method="DELETE")
        assert (wrong.code, wrong.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
        wrong = await site.get("/logout", method="GET")
        assert (wrong.code, wrong.headers["Allow"]) == (405, "POST, OPTIONS")
        for path in (
            "/",
            "/camera/front/",
            "/camera/front",
            "/api/cameras",
            "/healthz",
            "/state",
            "/metrics",
            "/login",
        ):
            assert (await site.get(path, method="HEAD")).code in (200, 302), path


async def test_every_answer_has_the_headers_that_protect_it(two_cameras: Config) -> None:
    async with serving(two_cameras) as site:
        for path in ("/", "/nothing", "/healthz", "/page/style.css", "/stream?"):
            headers = (await site.get(path, method="OPTIONS" if path == "/stream?" else "GET")).headers
            assert headers["Server"] == f"framebus/{__version__}"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "same-origin"


async def test_without_other_sites_no_answer_speaks_of_them(configure: Configure) -> None:
    async with serving(configure()) as site:
        headers = (await site.get("/healthz", headers={"Origin": "https://home.example"})).headers
    assert not [name for name in headers if name.startswith("Access-Control-")]


async def test_a_preflight_takes_no_login_and_tells_of_no_camera(two_cameras: Config) -> None:
    add(two_cameras, tokens={"t": token("secret", "view")})
    async with serving(two_cameras) as site:
        for camera in ("front", "cellar"):
            answer = await site.get(f"/camera/{camera}/snapshot.jpg", method="OPTIONS")
            assert (answer.code, answer.body, answer.headers["Allow"]) == (204, b"", "GET, HEAD, OPTIONS")


@pytest.mark.parametrize("query", ["/snapshot.jpg?x=%ff", "/?action=snapshot&x=%ff", "/snapshot?%ff=%fe"])
async def test_a_parameter_that_is_no_utf_8_and_has_no_meaning_is_ignored(query: str, two_cameras: Config) -> None:
    async with StillService(two_cameras).answering(jpeg()), serving(two_cameras) as site:
        assert (await site.get(query)).code == 200


async def test_an_unexpected_exception_is_a_500_without_its_text(
    two_cameras: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(two_cameras) as site:
        monkeypatch.setattr(site.gateway._cameras.workers, "viewers_of", None)
        answer = await site.get("/api/cameras")
    assert (answer.code, json.loads(answer.body)["error"]) == (
        500,
        {"code": "error", "message": "Internal Server Error"},
    )


async def test_a_person_is_sent_to_the_login_and_a_program_is_refused(two_cameras: Config) -> None:
    add(two_cameras, tokens={"t": token("secret", "view")})
    html = {"Accept": "text/html"}
    async with serving(two_cameras) as site:
        person = await site.get("/camera/front/", headers=html)
        assert (person.code, person.headers["Location"]) == (302, "../../login?next=/camera/front/")
        assert person.headers["Cache-Control"] == "no-store"
        moment = await site.get("/camera/front/?at=2026-01-01T12:00:00.5Z&x=1", headers=html)
        back = "/camera/front/%3Fat%3D2026-01-01T12%3A00%3A00.5Z"
        assert moment.headers["Location"] == f"../../login?next={back}", (
            "the link to a moment leads there after the login"
        )
        for path, headers in (
            ("/?token=wrong", html),
            ("/", {**html, "Authorization": "Bearer wrong"}),
            ("/", {"Accept": "image/jpeg"}),
        ):
            assert (await site.get(path, headers=headers)).code == 401
        assert (await site.get("/", method="HEAD", headers=html)).code == 401


async def test_an_unknown_path_is_said_to_be_one(site: Site) -> None:
    for method in ("GET", "DELETE"):
        answer = await site.get("/nothing/here?x=1", method=method)
        assert answer.code == 404
        assert answer.body == b"404: there is nothing at /nothing/here; the page is at /\n"
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.headers["Server"] == f"framebus/{__version__}"


async def test_programs_get_json(site: Site) -> None:
    answer = await site.get("/camera/cellar/snapshot.jpg", headers={"Accept": "application/json"})
    assert answer.code == 404
    assert answer.headers["Content-Type"] == "application/json"
    assert json.loads(answer.body) == {
        "error": {"code": "unknown-camera", "message": "there is no camera cellar; there is front"}
    }


async def test_what_is_no_method_of_a_path_is_refused(site: Site) -> None:
    answer = await site.get("/healthz", method="DELETE")
    assert (answer.code, answer.body) == (405, b"405: Method Not Allowed\n")


async def test_stills_streams_errors_and_the_api_tell_who_may_read(configure: Configure) -> None:
    config = configure(gateway='allow_origins = ["https://home.example"]')
    camera = PublishedCamera(config)
    asking = {"Origin": "https://home.example"}
    async with serving(config) as site, StillService(config).answering(jpeg()):
        for path in ("/snapshot", "/api/cameras", "/nothing"):
            answer = await site.get(path, headers=asking)
            assert answer.headers["Access-Control-Allow-Origin"] == "https://home.example", path
            assert "Access-Control-Allow-Origin" not in (await site.get(path)).headers
        reader, writer = await asyncio.open_connection(config.gateway.listen.host, config.gateway.listen.port)
        writer.write(b"GET /stream HTTP/1.1\r\nHost: x\r\nOrigin: https://home.example\r\n\r\n")
        await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
        camera.show(jpeg())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        assert b"\r\nAccess-Control-Allow-Origin: https://home.example\r\n" in head
        writer.close()
    camera.close()


async def test_an_unknown_path_is_quoted_in_part_and_refused_in_the_form_of_its_folder(site: Site) -> None:
    text, api = await site.get("/" + "x" * 300), await site.get("/api/nothing")
    assert text.body.decode() == f"404: there is nothing at /{'x' * 199}; the page is at /\n"
    message = "there is nothing at /api/nothing; the page is at /"
    assert json.loads(api.body) == {"error": {"code": "not-found", "message": message}}
    assert {(answer.headers["Cache-Control"], "Retry-After" in answer.headers) for answer in (text, api)} == {
        ("no-store", False)
    }
