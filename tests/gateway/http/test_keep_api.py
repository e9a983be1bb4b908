"""Recordings are marked over HTTP, with a real recorder."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Configure, Start
from tests.framebus.recordings.segments import STARTED, store
from tests.gateway.conftest import Site, serving, until
from tests.gateway.http.test_recordings_api import with_token

PATH = "/api/cameras/front/recordings/keep"
JSON = {"Content-Type": "application/json"}


async def post(site: Site, body: Any, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    answer = await site.get(
        PATH, method="POST", body=json.dumps(body), headers={**JSON, **(headers or {})}, request_timeout=15
    )
    found = json.loads(answer.body)
    return answer.code, found.get("error", found)


@pytest.mark.medium
async def test_a_time_is_kept_and_released(configure: Configure, start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    for number in range(3):
        store(folder, STARTED + 60 * number, [0, 500])
    config = configure(
        '[camera.front]\nsource = "testcard"\nrecord = "on-demand"\n'
        f'[recorder]\nfolder = "{folder}"\nleave_free_gb = 0\nkeep_days = 36500\n'
    )
    start("recorder", config=config).wait_for("records front to")

    def kept() -> list[int]:
        return [number for number, path in enumerate(sorted(folder.rglob("*.mkv"))) if "_keep" in path.name]

    async with serving(config) as site:
        code, answer = await post(site, {"from": "2026-01-01T01:01:00+01:00", "to": STARTED + 61, "keep": True})
        assert (code, answer["camera"]) == (200, "front")
        await until(lambda: kept() == [1])
        code, _ = await post(site, {"from": 0, "to": STARTED + 1000, "keep": False})
        assert code == 200
        await until(lambda: kept() == [])


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"to": 2}, "from: found nothing; allowed: Unix seconds, or a time with its offset"),
        ({"from": 1, "to": True}, 'to: found "True"; allowed: Unix seconds, or a time with its offset'),
        ({"from": 2, "to": 1}, "to: found 1, before from (2); allowed: a later time"),
        ({"from": 1, "to": 2, "keep": "no"}, 'keep: found "no"; allowed: true or false'),
    ],
)
async def test_a_mistake_is_named(site: Site, body: dict[str, Any], text: str) -> None:
    code, error = await post(site, body)
    assert (code, error["message"][: len(text)]) == (400, text)


async def test_marking_needs_the_scope_control(configure: Configure) -> None:
    config = configure()
    headers = with_token(config, "view", "recordings")
    async with serving(config) as site:
        code, error = await post(site, {"from": 1, "to": 2}, headers)
        assert (code, error["message"]) == (403, "program may not do this: it requires the scope control")
