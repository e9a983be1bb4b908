"""/api/cameras and /state."""

import json
import sys
from types import FrameType

import pytest

from gateway.http.cameras_api import Cameras
from tests.conftest import Configure
from tests.gateway.access.accounts_site import TWO
from tests.gateway.camera import PublishedCamera
from tests.gateway.conftest import Site, camera_is_known, serving


async def test_the_api_tells_every_camera(site: Site, camera: PublishedCamera) -> None:
    await camera_is_known(site, camera, state="live")
    answer = await site.get("/api/cameras")
    (entry,) = json.loads(answer.body)["cameras"]
    assert entry["since"] > 0
    assert {key: entry[key] for key in ("name", "state", "reason", "fps", "viewers", "width", "height", "urls")} == {
        "name": "front",
        "state": "live",
        "reason": "",
        "fps": 30.0,
        "viewers": 0,
        "width": 64,
        "height": 48,
        "urls": {
            "page": "/camera/front/",
            "stream": "/camera/front/stream.mjpg",
            "snapshot": "/camera/front/snapshot.jpg",
            "websocket": "/camera/front/ws",
            "controls": "/api/cameras/front/controls",
        },
    }


async def test_the_state_has_ustreamers_shape(site: Site, camera: PublishedCamera) -> None:
    await camera_is_known(site, camera, state="live")
    assert json.loads((await site.get("/state")).body) == {
        "ok": True,
        "result": {
            "instance_id": "",
            "encoder": {"type": "CPU", "quality": 80},
            "source": {
                "resolution": {"width": 64, "height": 48},
                "online": True,
                "desired_fps": 30,
                "captured_fps": 30,
            },
            "stream": {"queued_fps": 30, "clients": 0, "clients_stat": {}},
        },
    }


async def test_behind_a_proxy_the_urls_have_its_prefix(configure: Configure) -> None:
    proxy = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Prefix": "/cams"}
    async with serving(configure(gateway='trusted_proxies = ["127.0.0.1"]\nallow_anonymous = true')) as site:
        answer = await site.get("/api/cameras", headers=proxy)
    (entry,) = json.loads(answer.body)["cameras"]
    assert entry["urls"]["page"] == "/cams/camera/front/"
    assert entry["urls"]["controls"] == "/cams/api/cameras/front/controls"


async def test_a_camera_that_was_not_heard_of_is_starting(site: Site) -> None:
    answer = await site.get("/api/cameras")
    (entry,) = json.loads(answer.body)["cameras"]
    assert (entry["state"], entry["reason"], entry["age"], entry["fps"]) == (
        "starting",
        "no status received yet",
        None,
        0,
    )
    assert answer.headers["Cache-Control"] == "no-store"


async def test_the_cameras_are_in_the_order_of_the_configuration(configure: Configure) -> None:
    async with serving(configure(TWO)) as site:
        answer = await site.get("/api/cameras")
    assert [entry["name"] for entry in json.loads(answer.body)["cameras"]] == ["front", "back"]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("text/plain; charset=utf-8", "text/plain"),
        ("Application/X-Yaml ; a=b", "Application/X-Yaml"),
        ("x" * 100, "x" * 60),
        (";", "unknown"),
    ],
)
async def test_a_body_that_is_no_json_is_refused_with_its_type(kind: str, told: str, site: Site) -> None:
    answer = await site.get(
        "/api/cameras/front/controls", method="PATCH", body="gain=2", headers={"Content-Type": kind}
    )
    assert (answer.code, json.loads(answer.body)["error"]) == (
        415,
        {"code": "wrong-type", "message": f"body of type {told}; allowed: application/json"},
    )


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'"gain"', b'{"gain":}', b"\xff", b'{"gain": "\xff"}', b'{"a":' * 9999]
)
async def test_a_body_that_is_no_object_is_refused_with_the_reason(body: bytes, site: Site) -> None:
    json_type = {"Content-Type": "application/json"}
    answer = await site.get("/api/cameras/front/controls", method="PATCH", body=body, headers=json_type)
    error = json.loads(answer.body)["error"]
    assert (answer.code, error["code"]) == (400, "bad-request")
    assert error["message"].startswith("the body is no JSON object of controls and their values: ")


async def test_the_state_of_a_camera_that_was_not_heard_of_is_offline(site: Site) -> None:
    result = json.loads((await site.get("/state")).body)["result"]
    assert result["source"] == {
        "resolution": {"width": 0, "height": 0},
        "online": False,
        "desired_fps": 30,
        "captured_fps": 0,
    }


async def work(configure: Configure, cameras: int) -> int:
    """How many Python functions the handler of the list calls."""
    tables = "".join(f'[camera.c{number}]\nsource = "testcard"\n' for number in range(cameras))
    calls, inside = 0, False

    def count(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls, inside
        if frame.f_code is Cameras.get.__code__ and event in ("call", "return"):
            inside = event == "call"
        else:
            calls += inside and event == "call"

    async with serving(configure(tables)) as site:
        await site.get("/api/cameras")  # what is done once is done then
        sys.setprofile(count)
        try:
            answer = await site.get("/api/cameras")
        finally:
            sys.setprofile(None)
    assert len(json.loads(answer.body)["cameras"]) == cameras
    return calls


async def test_each_further_camera_of_the_list_takes_the_same_work(configure: Configure) -> None:
    """With work for each pair of cameras, the second step would take 2.5 times the work of the first."""
    few, more, most = [await work(configure, cameras) for cameras in (2, 17, 32)]
    assert 0 < most - more <= 1.1 * (more - few)
