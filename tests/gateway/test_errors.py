import json

import pytest

from gateway.errors import wants_json
from tests.gateway.conftest import Site


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
        assert answer.headers["Server"] == "framebus"


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
