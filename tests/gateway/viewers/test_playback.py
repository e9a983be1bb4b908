"""Recordings over the page's websocket, from real files behind a real gateway: seek, step, films, limits, rights."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from framebus.config.load import Config
from framebus.credentials import accounts
from framebus.credentials.accounts import Scope, Token, token_hash
from framebus.recordings.folder import RecordingFolder
from gateway.cameras.disk_threads import DiskThreads
from gateway.cameras.recordings_reader import RecordingsReader
from gateway.net.errors import HttpError
from gateway.viewers.playback_requests import Play, Seek
from gateway.viewers.playbacks import Playbacks
from gateway.viewers.websocket import PageViewer
from tests.conftest import Configure, Start
from tests.framebus.recordings.segments import STARTED, jpeg, store
from tests.gateway.conftest import Site, serving, until
from tests.gateway.viewers.playback_page import LIMIT_SECONDS, page

SECOND = [0, 500, 1000, 1500]
CAMERAS = '[camera.front]\nsource = "testcard"\n[camera.back]\nsource = "testcard"\n'


def files(folder: Path) -> list[Path]:
    """The segments that were stored at first, in the order of time."""
    return sorted(folder.rglob("*.mkv"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store(tmp_path / "recordings", STARTED, SECOND)
    store(tmp_path / "recordings", STARTED + 2, SECOND)
    store(tmp_path / "recordings", STARTED + 60, SECOND)
    return tmp_path / "recordings"


@pytest.fixture
def recorded(configure: Configure, folder: Path) -> Config:
    return configure(f'{CAMERAS}[recorder]\nfolder = "{folder}"\n')


@pytest.fixture
async def site(recorded: Config) -> AsyncIterator[Site]:
    async with serving(recorded) as site:
        yield site


async def test_the_frame_on_the_screen_at_a_moment_is_sent(site: Site) -> None:
    async with page(site) as viewer:
        assert await viewer.sought(STARTED + 0.7) == (0.5, jpeg(1))
        assert await viewer.sought(STARTED + 1.0, id=2) == (1.0, jpeg(2))
        assert await viewer.sought(STARTED + 30, id=3) == (3.5, jpeg(3))
        assert await viewer.sought(STARTED - 100, id=4) == (0.0, jpeg(0))


async def test_where_nothing_is_near_that_is_said(site: Site) -> None:
    async with page(site) as viewer:
        await viewer.seek(1000.0, 5)
        assert await viewer.text() == {
            "sought": {
                "camera": "front",
                "id": 5,
                "captured": None,
                "reason": "there is no recording within a day of this time",
            }
        }
        await viewer.seek(STARTED, 6, step=-1)
        assert (await viewer.text())["sought"]["reason"] == "there is no recording before this time"
        await viewer.say(seek={"camera": "back", "at": STARTED, "id": 7})
        assert (await viewer.text())["sought"]["camera"] == "back"


async def test_steps_are_exact_over_files_and_gaps_in_both_directions(site: Site) -> None:
    times = [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 60, 60.5, 61, 61.5]
    async with page(site) as viewer:
        for step, expected in ((1, times), (-1, times[::-1])):
            found = [(await viewer.sought(STARTED + expected[0]))[0]]
            while len(found) < len(times):
                found.append((await viewer.sought(STARTED + found[-1], step=step))[0])
            assert found == expected


def without_late_frames(found: list[Any], expected: list[Any]) -> list[Any]:
    """What is expected, but for the frames that a film leaves out on a busy machine: a few, and none at its ends."""
    assert len(found) >= len(expected) - 4
    return [entry for entry in expected if entry in found or entry in (expected[0], expected[-1])]


async def test_a_film_shows_every_frame_and_skips_gaps(site: Site) -> None:
    async with page(site) as viewer:
        await viewer.play(STARTED + 1, 4)
        found = await viewer.film()
        assert found == without_late_frames(found, [1, 1.5, 2, 2.5, 3, 3.5, (3.5, 60.0), 60, 60.5, 61, 61.5, "end"])


async def test_a_film_runs_backwards(site: Site) -> None:
    async with page(site) as viewer:
        await viewer.play(STARTED + 60.5, -4)
        found = await viewer.film()
        whole = [60.5, 60, (3.5, 60.0), 3.5, 3, 2.5, 2, 1.5, 1, 0.5, 0, "end"]
        assert found == without_late_frames(found, whole)


async def test_a_fast_film_leaves_frames_out(site: Site, folder: Path) -> None:
    store(folder, STARTED + 100, list(range(0, 60_000, 100)))
    async with page(site) as viewer:
        await viewer.play(STARTED + 100, 64)
        found = await viewer.film()
        moments = [moment for moment in found if isinstance(moment, float)]
        assert found[-1] == "end"
        assert moments == sorted(set(moments))
        assert 2 < len(moments) < 500
        assert moments[-1] == 159.9


async def test_a_film_pauses_and_goes_on_from_there(site: Site) -> None:
    async with page(site) as viewer:
        await viewer.play(STARTED, 0.125, 1)
        first, _ = await viewer.frame()
        await viewer.say(play={"camera": "front", "speed": 0, "id": 2})
        paused = {"camera": "front", "id": 2, "at": first.at, "reason": "paused"}
        assert await viewer.text() == {"played": paused}
        await viewer.say(play={"camera": "front", "speed": 8, "id": 3})
        again, _ = await viewer.frame()
        assert (again.at, again.id) == (first.at, 3)


async def test_playback_that_ends_sends_nothing_more(site: Site) -> None:
    async with page(site) as viewer:
        await viewer.play(STARTED, 64)
        await viewer.say(seek={"camera": "front"})
        await viewer.say(play={"camera": "front", "speed": 1, "id": 9})
        while True:
            message = await viewer.message()
            if isinstance(message, dict) and message["played"]["id"] == 9:
                break
        assert message["played"]["reason"].startswith("from: found nothing")


async def test_the_playback_of_a_camera_that_is_removed_ends(site: Site) -> None:
    cameras = site.gateway._cameras
    async with page(site) as viewer:
        await viewer.seek(STARTED)
        await viewer.text()
        await viewer.frame(ack=False)
        (shown,) = cameras._viewers
        assert isinstance(shown, PageViewer)
        assert list(shown._playbacks) == ["recorded/front"]
        assert shown._budget._numbers
        cameras.follow({"back": cameras._endpoints["back"]})
        assert list(shown._playbacks) == []
        assert not shown._budget._numbers, "no acknowledgement is waited for"


async def test_the_recordings_of_the_camera_that_goes_first_go_first(site: Site) -> None:
    async with page(site) as viewer:
        await viewer.say(watch={"front": {"first": True}, "back": {}})
        await viewer.sought(STARTED)
        (shown,) = site.gateway._cameras._viewers
        assert isinstance(shown, PageViewer)
        assert next(iter(shown._order)) == shown._order.first == "recorded/front"
        await viewer.say(seek={"camera": "front"})
        await until(lambda: shown._order.first == "front")


async def test_without_acknowledgements_two_frames_are_sent(site: Site) -> None:
    async with page(site) as viewer:
        for id in (1, 2):
            await viewer.seek(STARTED + id)
            await viewer.text()
            await viewer.frame(ack=False)
        await viewer.seek(STARTED + 1.5, 3)
        await viewer.seek(STARTED + 2.5, 4)
        await viewer.say(seek={"camera": "back", "at": 0, "id": 5})
        assert (await viewer.text())["sought"]["id"] == 5
        await viewer.say(ack="recorded/front", seq=1001)
        if (sought := (await viewer.text())["sought"])["id"] == 3:  # it was being read when the other was asked for
            assert (await viewer.frame())[0].at == STARTED + 1.5
            sought = (await viewer.text())["sought"]
        assert sought["id"] == 4
        assert (await viewer.frame())[0].at == STARTED + 2.5


@pytest.mark.parametrize(
    "text",
    [
        '{"seek":{"camera":"front","at":-1}}',
        '{"seek":{"camera":"front","at":1e99}}',
        '{"seek":{"camera":"front","at":"noon"}}',
        '{"seek":{"camera":"../front","at":1}}',
        '{"seek":{"camera":"front","at":1,"step":2}}',
        '{"seek":{"camera":"front","at":1,"width":0}}',
        '{"seek":{"camera":"front","at":1,"id":-1}}',
        '{"seek":"front"}',
        '{"play":{"camera":"front","from":1,"speed":65}}',
        '{"play":{"camera":"front","from":1,"speed":-0.1}}',
        '{"play":{"camera":"front","from":1,"speed":NaN}}',
    ],
)
async def test_what_is_not_allowed_closes_the_connection(site: Site, text: str) -> None:
    async with page(site) as viewer:
        await viewer.connection.write_message(text)
        async with asyncio.timeout(LIMIT_SECONDS):
            while await viewer.connection.read_message() is not None:
                pass
        assert viewer.connection.close_code == 1003


def with_token(config: Config, *scopes: Scope, cameras: tuple[str, ...] | None = None) -> dict[str, str]:
    """The headers of a program with these scopes."""
    with accounts.changing(config.secrets) as everybody:
        everybody.tokens["program"] = Token(token_hash("fb_x"), 0.0, scopes, cameras)
    return {"Authorization": "Bearer fb_x"}


async def test_recordings_need_their_scope(recorded: Config) -> None:
    headers = with_token(recorded, "view", "control")
    async with serving(recorded) as site, page(site, headers) as viewer:
        reason = "program may not do this: it requires the scope recordings"
        await viewer.seek(STARTED, 7)
        assert await viewer.text() == {"sought": {"camera": "front", "id": 7, "captured": None, "reason": reason}}
        await viewer.play(STARTED, 1, 8)
        assert await viewer.text() == {"played": {"camera": "front", "id": 8, "at": None, "reason": reason}}


async def test_recordings_of_other_cameras_are_not_shown(recorded: Config) -> None:
    headers = with_token(recorded, "view", "recordings", cameras=("back",))
    async with serving(recorded) as site, page(site, headers) as viewer:
        await viewer.seek(STARTED, 7)
        assert (await viewer.text())["sought"]["reason"] == "there is no camera front; there is back"


async def test_a_file_that_is_deleted_under_a_film_is_passed_over(site: Site, folder: Path) -> None:
    async with page(site) as viewer:
        await viewer.play(STARTED, 2)
        await viewer.frame()
        for path in files(folder)[:2]:
            path.unlink()
        found = await viewer.film()
        assert found[-5:] == [60, 60.5, 61, 61.5, "end"]


async def test_a_damaged_frame_is_passed_over(site: Site, folder: Path) -> None:
    path = files(folder)[0]
    data = path.read_bytes()
    path.write_bytes(data.replace(jpeg(1), b"\0" * len(jpeg(1))))
    async with page(site) as viewer:
        assert (await viewer.sought(STARTED + 0.7))[0] == 0


async def test_a_file_that_was_copied_from_another_camera_is_that_of_its_folder(site: Site, folder: Path) -> None:
    path = files(folder)[0]
    copied = folder / "back" / path.parent.name / path.name
    copied.parent.mkdir(parents=True)
    copied.write_bytes(path.read_bytes())
    async with page(site) as viewer:
        await viewer.say(seek={"camera": "back", "at": STARTED, "id": 1})
        await viewer.text()
        header, _ = await viewer.frame()
        assert header.camera == "back"


async def test_a_file_of_another_program_without_headers_is_shown(site: Site, folder: Path) -> None:
    path = files(folder)[0]
    data = path.read_bytes()
    path.write_bytes(data.replace(b'{"v":1,', b'{"v":9,'))
    async with page(site) as viewer:
        at, picture = await viewer.sought(STARTED + 1.1)
        assert at == pytest.approx(1.0, abs=0.001)
        assert picture == jpeg(2)


@pytest.mark.slow
async def test_what_a_recorder_writes_now_is_shown(configure: Configure, start: Start, tmp_path: Path) -> None:
    """With real processes: the file that is being written grows under the film."""
    config = configure(
        '[camera.front]\nsource = "testcard"\nsize = "320x240"\nfps = 10\nrecord = "always"\n'
        f'[recorder]\nfolder = "{tmp_path}/recordings"\nleave_free_gb = 0\n'
    )
    start("capture", "front", config=config)
    start("recorder", config=config).wait_for("records front to")
    recordings = RecordingFolder(tmp_path / "recordings")
    await until(lambda: len(list(recordings.frames("front", 0.0))) > 10)
    async with serving(config) as site, page(site) as viewer:
        await viewer.seek(time.time())
        assert (await viewer.text())["sought"]["captured"] is not None
        newest, _ = await viewer.frame()
        await viewer.seek(newest.at, step=-1)
        assert (await viewer.text())["sought"]["captured"] < newest.at
        before, _ = await viewer.frame()
        assert before.seq == newest.seq - 1
        await viewer.play(before.at - 1, 1)
        film = [(await viewer.frame())[0] for _ in range(10)]
        assert [frame.at for frame in film] == sorted({frame.at for frame in film})


async def test_a_disk_that_does_not_answer_is_told_and_delays_nothing(tmp_path: Path) -> None:
    store(tmp_path, STARTED, SECOND)
    answers = threading.Event()
    lookups = DiskThreads(1, deadline_seconds=0.1)
    reader = RecordingsReader(tmp_path, lookups=lookups)
    said: list[dict[str, object]] = []
    playbacks = Playbacks(
        reader, wake=lambda: None, say=lambda kind, camera, values: said.append(values), bytes_a_second=lambda: None
    )
    with contextlib.suppress(HttpError):
        await lookups.run(answers.wait)
    playbacks.seek(Seek("front", STARTED, id=7))
    playbacks.play(Play("back", STARTED, id=8))
    await until(lambda: len(said) == 2)
    reason = "the disk with the recordings did not answer within 0.1 s"
    assert {"camera": "front", "id": 7, "captured": None, "reason": reason} in said
    assert {"camera": "back", "id": 8, "at": None, "reason": reason} in said
    answers.set()
    playback = playbacks.get("recorded/front")
    assert playback is not None
    await until(lambda: not lookups._places.locked())
    while (ready := playback.next(2, 0.0)) is None:  # a busy machine is such a disk, too
        playbacks.seek(Seek("front", STARTED, id=9))
        await asyncio.sleep(0.2)
    assert ready.at == STARTED
    reader.close()
