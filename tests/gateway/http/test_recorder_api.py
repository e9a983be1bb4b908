"""Recordings over HTTP: their state, requests for them, and the figures of /metrics, with a real recorder."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Configure, Start
from tests.gateway.conftest import Site, serving, until
from tests.gateway.http.test_metrics import metrics

pytestmark = pytest.mark.slow

JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def recorded(configure: Configure, start: Start, tmp_path: Path) -> AsyncIterator[Site]:
    """A gateway, a recorder, and two cameras, of which the first is recorded on demand."""
    config = configure(
        '[camera.front]\nsource = "testcard"\nsize = "320x240"\nrecord = "on-demand"\n'
        '[camera.back]\nsource = "testcard"\n'
        f'[recorder]\nfolder = "{tmp_path}/recordings"\nleave_free_gb = 0\n'
    )
    start("capture", "front", config=config)
    start("recorder", config=config).wait_for("records front to")
    async with serving(config) as site:
        yield site


async def post(site: Site, camera: str = "front", **body: Any) -> tuple[int, dict[str, Any]]:
    answer = await site.get(
        f"/api/cameras/{camera}/record", method="POST", body=json.dumps(body), headers=JSON, request_timeout=15
    )
    found = json.loads(answer.body)
    return answer.code, found.get("error", found)


async def state(site: Site, camera: str = "front") -> dict[str, Any]:
    answer = await site.get(f"/api/cameras/{camera}/recorder")
    assert answer.code == 200, answer.body
    found: dict[str, Any] = json.loads(answer.body)
    return found


async def test_a_recording_is_started_kept_and_stopped(recorded: Site, tmp_path: Path) -> None:
    assert (await state(recorded))["state"] == "waiting"
    code, started = await post(recorded, seconds=600)
    assert (code, started["state"], started["demanded"]) == (200, "recording", True)

    def files() -> list[Path]:
        return list((tmp_path / "recordings").rglob("*.mkv"))

    await until(files)
    code, _ = await post(recorded, action="keep", begin=0, end=4102444800)
    assert code == 200
    code, stopped = await post(recorded, action="stop")
    assert (code, stopped["demanded"]) == (200, False)
    await until(lambda: [file for file in files() if file.name.endswith("s_keep.mkv")])

    figures = await metrics(recorded)
    assert figures["framebus_recorder_frames_recorded_total", "front"] > 0
    assert figures["framebus_recorder_frames_not_written_total", "front"] == 0
    assert figures["framebus_recorder_failed", "front"] == 0
    assert figures["framebus_recorder_held_bytes",] >= 0
    assert ("framebus_recorder_recording", "back") not in figures


async def test_what_is_refused(recorded: Site) -> None:
    assert await state(recorded, "back") == {"camera": "back", "state": "off"}
    code, refused = await post(recorded, "back", action="start")
    assert (code, refused["code"]) == (409, "off")
    assert refused["message"] == "camera back is not recorded; set record in [camera.back]"
    code, refused = await post(recorded, "attic", action="start")
    assert code == 404
    code, refused = await post(recorded, action="start", speed=1)
    assert code == 400
    assert refused["message"].startswith('"speed": no such parameter; allowed: ')
    answer = await recorded.get("/api/cameras/front/record", method="POST", body="{}")
    assert answer.code == 415


async def test_without_a_recorder_it_says_so_in_time(configure: Configure) -> None:
    async with serving(configure('[camera.front]\nsource = "testcard"\nrecord = "always"\n')) as site:
        answer = await site.get("/api/cameras/front/recorder")
        assert answer.code == 504
        assert json.loads(answer.body)["error"]["message"] == "the recorder did not answer within 2 s"
        assert not [key for key in await metrics(site) if key[0].startswith("framebus_recorder")]
