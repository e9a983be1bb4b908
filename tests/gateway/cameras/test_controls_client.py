"""Controls over HTTP, from a capture that answers as the test says."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import zmq
import zmq.asyncio
from tornado.httpclient import HTTPResponse

from framebus.config.load import Config
from framebus.protocol.controls import Control, ControlsHeader
from framebus.protocol.wire import ErrorHeader, pack
from framebus.runtime.run_dir import control_endpoint
from tests.gateway.conftest import Site

PATH = "/api/cameras/front/controls"
LIST = pack(
    "controls",
    "front",
    ControlsHeader(v=1, camera="front", controls=[Control(name="gain", type="float", value=2.0, min=1, max=8)]),
)
JSON = {"Content-Type": "application/json"}


@asynccontextmanager
async def capture_saying(config: Config, reply: bytes) -> AsyncIterator[list[Any]]:
    """What stands where the capture would; gives what it was asked."""
    context = zmq.asyncio.Context()
    router = context.socket(zmq.ROUTER)
    router.linger = 0
    router.bind(control_endpoint(config.run_dir, "front"))
    asked: list[Any] = []

    async def serve() -> None:
        while True:
            *envelope, request = await router.recv_multipart()
            asked.append(json.loads(request))
            await router.send_multipart([*envelope, reply])

    serving = asyncio.create_task(serve())
    yield asked
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    context.destroy()


async def change(site: Site, body: object = None, **options: Any) -> HTTPResponse:
    """PATCH, with JSON unless told otherwise."""
    content = body if isinstance(body, (bytes, str)) else json.dumps(body)
    return await site.get(PATH, **{"method": "PATCH", "headers": JSON, "body": content, **options})


async def test_they_are_listed(site: Site) -> None:
    async with capture_saying(site.config, LIST) as asked:
        answer = await site.get(PATH)
    assert (answer.code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert json.loads(answer.body) == {
        "camera": "front",
        "controls": [{"name": "gain", "type": "float", "value": 2.0, "min": 1, "max": 8}],
    }
    assert asked == [{"v": 1, "set": {}, "reset": []}]


@pytest.mark.parametrize("method", ["PATCH", "POST"])
async def test_they_are_set(site: Site, method: str) -> None:
    async with capture_saying(site.config, LIST) as asked:
        answer = await change(site, {"gain": 2, "AwbMode": "Indoor"}, method=method)
    assert answer.code == 200
    assert asked[0]["set"] == {"gain": 2, "AwbMode": "Indoor"}


async def test_they_are_reset(site: Site) -> None:
    async with capture_saying(site.config, LIST) as asked:
        await site.get(PATH, method="DELETE")
        await site.get(f"{PATH}?name=gain&name=brightness", method="DELETE")
    assert [request["reset"] for request in asked] == ["all", ["gain", "brightness"]]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("unknown-control", 404),
        ("out-of-range", 400),
        ("wrong-type", 400),
        ("read-only", 400),
        ("refused", 400),
        ("inactive", 409),
        ("offline", 503),
        ("busy", 503),
    ],
)
async def test_the_cameras_reason_is_passed_on(site: Site, code: str, status: int) -> None:
    reply = pack("error", "front", ErrorHeader(v=1, code=code, message="why"))
    async with capture_saying(site.config, reply):
        answer = await change(site, {"gain": 100})
    assert (answer.code, json.loads(answer.body)) == (status, {"error": {"code": code, "message": "why"}})


async def test_a_malformed_reply_and_silence_are_reported(site: Site) -> None:
    async with capture_saying(site.config, b"nonsense"):
        answer = await site.get(PATH)
    assert (answer.code, json.loads(answer.body)["error"]["code"]) == (503, "bad-reply")
    site.gateway._cameras.controls["front"].deadline_seconds = 0.1
    answer = await site.get(PATH)
    assert answer.code == 504
    assert json.loads(answer.body)["error"]["message"] == "the process of camera front did not answer within 0.1 s"


@pytest.mark.parametrize(
    ("body", "kind", "status", "message"),
    [
        ("gain=2", "application/x-www-form-urlencoded", 415, None),
        ('{"gain":2}', "text/plain", 415, "body of type text/plain; allowed: application/json"),
        ("[]", "application/json", 400, None),
        ("{", "application/json; charset=utf-8", 400, None),
        ("[" * 5000, "application/json", 400, None),
    ],
)
async def test_a_body_that_is_no_object_of_json_is_refused(
    site: Site, body: str, kind: str, status: int, message: str | None
) -> None:
    answer = await change(site, body, headers={"Content-Type": kind})
    assert answer.code == status
    if message:
        assert json.loads(answer.body)["error"]["message"] == message


async def test_a_page_of_another_site_may_not_change_anything(site: Site) -> None:
    answer = await change(site, {"gain": 1}, headers={**JSON, "Origin": "http://evil.example"})
    assert (answer.code, json.loads(answer.body)["error"]["code"]) == (403, "other-origin")
    answer = await site.get(PATH, method="DELETE", headers={"Origin": "null"})
    assert answer.code == 403
    async with capture_saying(site.config, LIST):
        own = await change(site, {"gain": 1}, headers={**JSON, "Origin": site.url})
        assert own.code == 200
        assert (await site.get(PATH, headers={"Origin": "http://evil.example"})).code == 200


async def test_an_unknown_camera_is_404(site: Site) -> None:
    answer = await site.get("/api/cameras/yard/controls")
    assert (answer.code, json.loads(answer.body)["error"]["code"]) == (404, "unknown-camera")
