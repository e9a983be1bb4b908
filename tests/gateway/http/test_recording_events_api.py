"""Stored events over HTTP, from real files behind a real gateway."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from framebus.config.load import Config
from tests.conftest import Configure
from tests.framebus.recordings.segments import STARTED, store
from tests.framebus.recordings.test_event_folder import note
from tests.gateway.conftest import Site, serving
from tests.gateway.http.test_recordings_api import CAMERAS, with_token

PATH = "/api/cameras/front/events"


@pytest.fixture
def recorded(configure: Configure, tmp_path: Path) -> Config:
    """Recordings of camera front, and three events, the first from before them."""
    folder = tmp_path / "recordings"
    store(folder, STARTED, [0, 500, 60_000])
    for start in (-50.0, 10.0, 30.0):
        note(folder, STARTED + start)
    return configure(f'{CAMERAS}[recorder]\nfolder = "{folder}"\n')


@pytest.fixture
async def site(recorded: Config) -> AsyncIterator[Site]:
    async with serving(recorded) as site:
        yield site


async def listed(site: Site, query: str = "") -> dict[str, Any]:
    answer = await site.get(PATH + query)
    assert answer.code == 200, answer.body
    found: dict[str, Any] = json.loads(answer.body)
    return found


async def test_events_are_listed_as_far_back_as_there_are_recordings(site: Site) -> None:
    found = await listed(site)
    start = STARTED + 10.0
    assert (found["camera"], found["next"], len(found["events"])) == ("front", None, 2)
    assert found["events"][0] == {
        "id": f"at-{start}",
        "type": "motion",
        "start": start,
        "end": start + 5,
        "score": 0.5,
        "box": [0, 0, 1, 1],
    }


async def test_events_of_a_time_are_listed(site: Site) -> None:
    assert len((await listed(site, f"?from={STARTED + 20}"))["events"]) == 1
    assert len((await listed(site, "?to=2026-01-01T01:00:20%2B01:00"))["events"]) == 1
    answer = await site.get(f"{PATH}?to=2026-01-01T01:00:20")
    assert (answer.code, b'found \\"2026-01-01T01:00:20\\"' in answer.body) == (400, True)


async def test_more_than_fit_are_listed_in_turn(site: Site) -> None:
    site.gateway._recordings._max_listed = 1
    found = await listed(site)
    assert (len(found["events"]), found["next"]) == (1, STARTED + 30)
    assert [event["start"] for event in (await listed(site, f"?from={found['next']}"))["events"]] == [STARTED + 30]


async def test_a_camera_without_recordings_has_no_events(site: Site) -> None:
    answer = await site.get("/api/cameras/back/events")
    assert json.loads(answer.body) == {"camera": "back", "events": [], "next": None}
    assert (await site.get("/api/cameras/attic/events")).code == 404


async def test_events_need_the_scope_and_the_camera(recorded: Config) -> None:
    headers = with_token(recorded, "view")
    async with serving(recorded) as site:
        assert [(await site.get(PATH)).code, (await site.get(PATH, headers=headers)).code] == [401, 403]
    headers = with_token(recorded, "recordings", cameras=("back",))
    async with serving(recorded) as site:
        assert (await site.get(PATH, headers=headers)).code == 403


async def test_a_long_event_is_in_one_part_of_the_list(site: Site, recorded: Config) -> None:
    folder = Path(recorded.recorder.folder or "")
    note(folder, STARTED + 5, 50.0, id="long")
    for id in ("one", "other"):
        note(folder, STARTED + 40, id=id)
    site.gateway._recordings._max_listed = 3
    first = await listed(site)
    assert [event["start"] - STARTED for event in first["events"]] == pytest.approx([5, 10, 30])
    rest = await listed(site, f"?from={first['next']}&begun")
    assert sorted(event["id"] for event in rest["events"]) == ["one", "other"]
    assert "long" in [event["id"] for event in (await listed(site, f"?from={first['next']}&begun=0"))["events"]]
    site.gateway._recordings._max_listed = 4
    assert (await listed(site))["next"] == first["next"], "those that began at once are in one part"
