"""Requests as other programs write them: mjpg-streamer's actions, targets of every form, and those of other sites."""

import asyncio

import pytest

from framebus.config.load import Config
from framebus.protocol.wire import pack
from gateway.http.mjpg_streamer import Action, parse_action
from gateway.http.redirects import relative
from gateway.http.request_target import normalized
from tests.conftest import Configure
from tests.gateway.access.test_access import TWO, add, token
from tests.gateway.camera import frame_header, jpeg
from tests.gateway.conftest import Site, serving
from tests.gateway.still_service import StillService


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("stream", Action("stream")),
        ("snapshot", Action("snapshot")),
        ("stream_0", Action("stream", 0)),
        ("snapshot_1", Action("snapshot", 1)),
        ("snapshot?n=1", Action("snapshot")),
        ("snapshot_1?n=1.jpg", Action("snapshot", 1)),
        ("Snapshot", Action("snapshot")),
        ("snapshot/x", Action("snapshot")),
        ("command", None),
        ("take", None),
        ("streams", None),
        ("snapshot_x", None),
        ("snapshot_", None),
        ("", None),
    ],
)
def test_an_action_is_read_as_mjpg_streamer_does(text: str, action: Action | None) -> None:
    assert parse_action(text) == action


@pytest.mark.parametrize(
    ("target", "path", "host"),
    [
        ("/snapshot.jpg", "/snapshot.jpg", None),
        ("//snapshot.jpg", "/snapshot.jpg", None),
        ("/%73napshot.jpg?x=%73", "/snapshot.jpg?x=%73", None),
        ("http://cam.lan:8080/snapshot.jpg?a=b//c", "/snapshot.jpg?a=b//c", "cam.lan:8080"),
        ("HTTP://cam.lan", "/", "cam.lan"),
        ("http://cam.lan?x", "/?x", "cam.lan"),
        ("/camera/../api/./cameras", "/api/cameras", None),
        ("/a/%2e%2e/b", "/b", None),
        ("/../../x", "/x", None),
        ("/camera/front/.", "/camera/front/", None),
        ("/a%2Fb%20", "/a%2Fb%20", None),
        ("/.well-known", "/.well-known", None),
        ("*", "*", None),
    ],
)
def test_a_target_has_one_form(target: str, path: str, host: str | None) -> None:
    assert normalized(target) == (path, host)


@pytest.mark.parametrize(
    ("path", "target", "way"),
    [
        ("/", "/login", "./login"),
        ("/camera/front/", "/login", "../../login"),
        ("/camera/front", "/", "../"),
        ("/login", "/camera/a:b/", "./camera/a:b/"),
        ("/login", "/", "./"),
    ],
)
def test_a_way_is_relative(path: str, target: str, way: str) -> None:
    assert relative(path, target) == way


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure(TWO, gateway='allow_origins = ["https://home.example"]')


async def raw(site: Site, target: str) -> bytes:
    """The answer to a request whose target no client of ours would send."""
    listen = site.config.gateway.listen
    reader, writer = await asyncio.open_connection(listen.host, listen.port)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


@pytest.mark.parametrize(
    "target",
    [
        "//snapshot.jpg",
        "/%73napshot.jpg",
        "http://localhost/snapshot.jpg",
        "/snapshot.jpg?x=%ff",
        "/?action=snapshot&x=%ff",
        "/./snapshot.jpg",
        "/?action=snapshot?n=1",
        "/?action=snapshot_0",
        "/?action=Snapshot",
    ],
)
async def test_what_other_servers_serve_is_served(target: str, config: Config) -> None:
    async with StillService(config).answering(jpeg("green")), serving(config) as site:
        head, _, body = (await raw(site, target)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert body == jpeg("green")


@pytest.mark.parametrize("action", ["command", "take", "snapshot_x", "unheard-of", "%ff"])
@pytest.mark.parametrize("path", ["/", "/camera/front/"])
async def test_an_unknown_action_is_no_page(path: str, action: str, config: Config) -> None:
    """A timelapse would fill with pages."""
    async with serving(config) as site:
        answer = await site.get(f"{path}?action={action}&dest=0")
    assert answer.code == 400
    assert answer.body.startswith(b"400: action: found ")
    assert b"allowed: stream and snapshot" in answer.body


async def test_a_number_means_the_camera_of_that_place(config: Config) -> None:
    async with serving(config) as site:
        async with StillService(config).answering(jpeg()) as service:
            await site.get("/?action=snapshot_1")
            await site.get("/camera/back/?action=snapshot")
        assert [asked["camera"] for asked in service.requests] == ["back", "back"]
        answer = await site.get("/?action=snapshot_7")
        assert (answer.code, answer.body) == (404, b"404: there is no camera 7; there are 0 to 1\n")


async def test_a_number_is_no_way_to_a_hidden_camera(config: Config) -> None:
    add(config, tokens={"b": token("secret", "view", "snapshot", cameras=("back",))})
    async with serving(config) as site:
        for number in (0, 7):
            for kind in ("snapshot", "stream"):
                assert (await site.get(f"/?action={kind}_{number}&token=secret")).code == 403
        async with StillService(config).answering(jpeg()) as service:
            assert (await site.get("/?action=snapshot_1&token=secret")).code == 200
        assert service.requests[0]["camera"] == "back"


PREFLIGHT = {"Origin": "https://home.example", "Access-Control-Request-Method": "PATCH"}


@pytest.mark.parametrize("path", ["/api/cameras/front/controls", "/snapshot", "/stream", "/api/cameras", "/healthz"])
async def test_a_preflight_of_a_listed_site_is_answered(path: str, config: Config) -> None:
    add(config, tokens={"t": token("secret", "view")})
    asked = {**PREFLIGHT, "Access-Control-Request-Headers": "authorization,if-none-match"}
    async with serving(config) as site:
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


async def test_another_sites_scripts_may_read_what_a_still_tells(config: Config) -> None:
    add(config, tokens={"t": token("secret", "snapshot", "control", "view")})
    asked = {"Origin": "https://home.example", "Authorization": "Bearer secret"}
    header = frame_header("front", 7)
    async with serving(config) as site, StillService(config).saying(pack("snapshot", "front", header, jpeg())):
        answer = await site.get("/snapshot", headers=asked)
        assert answer.code == 200
        exposed = set(answer.headers["Access-Control-Expose-Headers"].split(", "))
        assert {"ETag", "Age", "X-Timestamp", "X-Width", "X-Height", "X-Camera"} <= exposed
        again = await site.get("/snapshot", headers={**asked, "If-None-Match": answer.headers["ETag"]})
        assert (again.code, again.headers["Access-Control-Allow-Origin"]) == (304, "https://home.example")
        controls = "/api/cameras/front/controls"
        assert (await site.get(controls, method="PATCH", headers=asked, body="{}")).code == 415


async def test_every_path_says_its_methods(config: Config) -> None:
    async with serving(config) as site:
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
