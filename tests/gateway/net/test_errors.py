import asyncio
import json

import pytest

from framebus import __version__
from gateway.net.errors import cors, wants_json
from tests.conftest import Configure
from tests.gateway.camera import PublishedCamera, jpeg
from tests.gateway.conftest import Site, serving
from tests.gateway.still_service import StillService


@pytest.mark.parametrize(
    ("path", "accept", "json"),
    [
        ("/stream", "", False),
        ("/stream", "image/*,*/*;q=0.8", False),
        ("/stream", "application/json", True),
        ("/stream", "text/html, application/json;q=0.9", True),
        ("/api/cameras", "", True),
    ],
)
def test_json_is_for_those_who_ask(path: str, accept: str, json: bool) -> None:
    assert wants_json(path, accept) is json


async def test_an_unknown_path_is_said_to_be_one(site: Site) -> None:
    for method in ("GET", "DELETE"):
        answer = await site.get("/nothing/here?x=1", method=method)
        assert answer.code == 404
        assert answer.body == b"404: there is nothing at /nothing/here; the page is at /\n"
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.headers["Server"] == f"framebus/{__version__}"


async def test_an_unknown_camera_is_said_with_those_there_are(site: Site) -> None:
    for path in ("/camera/cellar/stream.mjpg", "/camera/cellar/snapshot.jpg", "/camera/cellar/", "/camera/cellar"):
        answer = await site.get(path)
        assert (answer.code, answer.body) == (404, b"404: there is no camera cellar; there is front\n")


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


@pytest.mark.parametrize(
    ("allowed", "origin", "headers"),
    [
        ([], "https://home.example", {}),
        (["*"], None, {"Access-Control-Allow-Origin": "*"}),
        (["https://home.example"], None, {"Vary": "Origin"}),
        (["https://home.example"], "https://evil.example", {"Vary": "Origin"}),
        (
            ["https://home.example"],
            "https://home.example",
            {"Vary": "Origin", "Access-Control-Allow-Origin": "https://home.example"},
        ),
    ],
)
def test_only_scripts_of_the_sites_that_are_named_may_read(
    allowed: list[str], origin: str | None, headers: dict[str, str]
) -> None:
    assert cors(allowed, origin) == headers


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
