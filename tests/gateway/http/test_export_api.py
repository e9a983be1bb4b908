"""Films of recordings over HTTP, made by a real process: progress, the file, limits, rights, and what is left."""

import asyncio
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from framebus.config.load import Config
from gateway.cameras.exports import KEPT_SECONDS, MAX_EXPORTS, MAX_EXPORTS_EACH, PLACES_NAME
from gateway.export.job import FILM_NAME, SILENT_SECONDS, Job, Progress, State, write_job, write_progress
from gateway.http.recordings_query import body_utc_offset
from tests.conftest import Configure
from tests.framebus.recordings.segments import STARTED, store
from tests.gateway.conftest import Site, serving, until
from tests.gateway.http.test_recordings_api import CAMERAS, with_token

PATH = "/api/cameras/front/recordings/export"
JSON = {"Content-Type": "application/json"}
LIMIT_SECONDS = 60
FILM = b"the bytes of a film"


@pytest.fixture
def recorded(configure: Configure, tmp_path: Path) -> Config:
    folder = tmp_path / "recordings"
    store(folder, STARTED, list(range(0, 5000, 100)))
    store(folder, STARTED + 60, list(range(0, 5000, 100)))
    return configure(f'{CAMERAS}[recorder]\nfolder = "{folder}"\n')


@pytest.fixture
async def site(recorded: Config) -> AsyncIterator[Site]:
    async with serving(recorded) as site:
        yield site


def films(config: Config) -> Path:
    return config.state_dir / "exports"


async def ask(site: Site, begin: object, end: object, **options: Any) -> tuple[int, dict[str, Any]]:
    headers = {**JSON, **options.pop("headers", {})}
    body = json.dumps({"from": begin, "to": end})
    answer = await site.get(PATH, method="POST", body=body, headers=headers, request_timeout=LIMIT_SECONDS, **options)
    found = json.loads(answer.body)
    return answer.code, found.get("error", found)


async def over(site: Site, id: str) -> dict[str, Any]:
    """What is said of a film once it is done, or has failed."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while True:
            found: dict[str, Any] = json.loads((await site.get(f"{PATH}/{id}")).body)
            if found["state"] in ("done", "failed"):
                return found
            await asyncio.sleep(0.1)


@pytest.mark.slow
async def test_a_film_is_made_fetched_and_deleted(site: Site, tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    code, begun = await ask(site, "2026-01-01T01:00:00+01:00", STARTED + 100)
    assert (code, begun["camera"], begun["url"]) == (202, "front", None)
    found = await over(site, begun["id"])
    assert (found["state"], found["progress"], found["frames"], found["reason"]) == ("done", 1.0, 100, "")
    assert (await site.get(found["url"].replace("front", "back"))).code == 404
    head = await site.get(found["url"], method="HEAD")
    answer = await site.get(found["url"])
    assert (answer.code, len(answer.body)) == (200, found["bytes"])
    for each in (head, answer):
        assert each.headers["Content-Type"] == "video/mp4"
        assert each.headers["Content-Length"] == str(found["bytes"])
        assert each.headers["Content-Disposition"].endswith('_100s.mp4"')
    (tmp_path / "film.mp4").write_bytes(answer.body)
    with av.open(str(tmp_path / "film.mp4")) as film:
        assert film.streams.video[0].codec_context.name == "h264"
        times = [float(frame.pts * frame.time_base) for frame in film.decode(video=0)]
    assert len(times) == 100
    assert times[:3] == pytest.approx([0, 0.1, 0.2], abs=0.002)
    assert times[50] - times[49] == pytest.approx(1.0, abs=0.002)  # the pause is short
    await until(lambda: not (films(site.config) / begun["id"]).exists())
    assert (await site.get(found["url"])).code == 404


@pytest.mark.parametrize("offset", ["", "1", "+1:00", "+01:60", "+20:00", "Europe/Berlin", 60, "+01:00\n"])
async def test_an_offset_that_is_none_is_refused(site: Site, offset: object) -> None:
    body = json.dumps({"from": STARTED, "to": STARTED + 1, "utc_offset": offset})
    answer = await site.get(PATH, method="POST", body=body, headers=JSON)
    assert answer.code == 400
    assert b"utc_offset: found" in answer.body


@pytest.mark.parametrize(("offset", "minutes"), [("+05:30", 330), ("-03:30", -210), ("+00:00", 0), (None, None)])
def test_the_offset_of_the_drawn_time(offset: str | None, minutes: int | None) -> None:
    assert body_utc_offset({"utc_offset": offset}) == minutes


@pytest.mark.slow
async def test_a_film_of_nothing_fails_and_one_that_is_not_wanted_ends(site: Site) -> None:
    pytest.importorskip("av")
    _, begun = await ask(site, 1000, 1060)
    found = await over(site, begun["id"])
    assert (found["state"], found["reason"]) == ("failed", "there is no recording of camera front in this time")
    answer = await site.get(f"/camera/front/recordings/export/{begun['id']}.mp4")
    assert (answer.code, answer.body) == (409, f"409: the film is not done: {found['reason']}\n".encode())
    _, second = await ask(site, STARTED, STARTED + 100)
    for id in (begun["id"], second["id"]):
        assert (await site.get(f"{PATH}/{id}", method="DELETE")).code == 204
        assert (await site.get(f"{PATH}/{id}")).code == 404
    assert not site.gateway._exports._processes


def made(config: Config, number: int, state: State = "done", owner: str = "") -> str:
    """A film that somebody has asked for."""
    id = f"{number:016x}"
    folder = films(config) / id
    write_job(folder, Job(camera="front", begin=1.0, end=2.0, created=3.0, owner=owner))
    write_progress(folder, Progress(state=state, bytes=len(FILM)))
    (folder / FILM_NAME).write_bytes(FILM)
    return id


def outdate(config: Config, id: str, seconds: float) -> None:
    """Let the process of a film have said nothing for so long."""
    progress = films(config) / id / "progress.json"
    text = json.loads(progress.read_text())
    progress.write_text(json.dumps({**text, "updated": text["updated"] - seconds}))


async def test_a_film_can_be_fetched_in_parts_and_stays_until_it_was_fetched_at_once(site: Site) -> None:
    id = made(site.config, 1)
    url = f"/camera/front/recordings/export/{id}.mp4"
    first = await site.get(url, headers={"Range": "bytes=0-8"})
    assert (first.code, first.body) == (206, b"the bytes")
    assert first.headers["Content-Range"] == f"bytes 0-8/{len(FILM)}"
    rest = await site.get(url, headers={"Range": "bytes=9-", "If-Range": first.headers["ETag"]})
    assert (rest.code, first.body + rest.body) == (206, FILM)
    other = await site.get(url, headers={"Range": "bytes=9-", "If-Range": '"another film"'}, method="HEAD")
    assert (other.code, other.headers["Content-Length"]) == (200, str(len(FILM)))
    beyond = await site.get(url, headers={"Range": "bytes=99-"})
    assert (beyond.code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(FILM)}")
    assert (await site.get(url)).body == FILM
    await until(lambda: not (films(site.config) / id).exists())


async def test_there_are_so_many_films_and_no_more(site: Site) -> None:
    pytest.importorskip("av")
    for number in range(MAX_EXPORTS):
        made(site.config, number)
    code, error = await ask(site, STARTED, STARTED + 1)
    assert (code, error["message"]) == (503, "4 films are made or wait to be fetched already")


async def test_nobody_has_all_places_for_films(recorded: Config) -> None:
    pytest.importorskip("av")
    headers = with_token(recorded, "recordings")
    async with serving(recorded) as site:
        films_of_theirs = [made(recorded, number, owner="token:program") for number in range(MAX_EXPORTS_EACH)]
        code, error = await ask(site, STARTED, STARTED + 1, headers=headers)
        assert (code, error["message"]) == (429, "2 films of yours are made or wait to be fetched already")
        write_progress(films(recorded) / films_of_theirs[0], Progress(state="failed"))
        code, begun = await ask(site, STARTED, STARTED + 1, headers=headers)
        assert code == 202
        assert (await ask(site, STARTED, STARTED + 1, headers=headers))[0] == 429, "the new one counts"
        await site.gateway._exports.delete(begun["id"])


@pytest.mark.medium
async def test_a_film_that_another_worker_is_adding_is_counted(site: Site) -> None:
    pytest.importorskip("av")
    films(site.config).mkdir(parents=True)
    with (films(site.config) / PLACES_NAME).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        asked = asyncio.ensure_future(ask(site, STARTED, STARTED + 1))
        await asyncio.wait({asked}, timeout=0.3)  # enough for one that does not wait for the lock
        for number in range(MAX_EXPORTS):
            made(site.config, number)
    assert (await asked)[0] == 503


async def test_a_folder_without_a_film_is_deleted_unless_it_is_new(recorded: Config) -> None:
    old, new = (films(recorded) / f"{number:016x}" for number in (1, 2))
    for folder in (old, new):
        folder.mkdir(parents=True)
    os.utime(old, (0, old.stat().st_mtime - SILENT_SECONDS - 1))
    async with serving(recorded) as site:
        site.gateway._exports.tick()
        await until(lambda: not old.exists() and site.gateway._exports._sweeping is None)
        assert new.exists()


@pytest.mark.slow
async def test_what_nobody_fetches_is_deleted_and_makes_room(site: Site) -> None:
    pytest.importorskip("av")
    for number in range(MAX_EXPORTS):
        outdate(site.config, made(site.config, number), KEPT_SECONDS + 1)
    code, begun = await ask(site, STARTED, STARTED + 1)
    assert code == 202
    assert [path.name for path in films(site.config).iterdir() if path.is_dir()] == [begun["id"]]


async def test_what_nobody_fetches_is_deleted_without_a_request(recorded: Config) -> None:
    old, new = made(recorded, 1), made(recorded, 2)
    outdate(recorded, old, KEPT_SECONDS + 1)
    async with serving(recorded) as site:
        site.gateway._exports.tick()
        await until(lambda: not (films(recorded) / old).exists())
        assert (films(recorded) / new / FILM_NAME).exists()


@pytest.mark.slow
async def test_films_that_failed_take_no_place_and_those_asked_for_at_once_do(site: Site) -> None:
    pytest.importorskip("av")
    failed = [made(site.config, number, "failed") for number in range(MAX_EXPORTS)]
    answers = await asyncio.gather(*(ask(site, STARTED, STARTED + 1) for _ in range(2 * MAX_EXPORTS)))
    assert sorted(code for code, _ in answers) == MAX_EXPORTS * [202] + MAX_EXPORTS * [503]
    assert {found["code"] for code, found in answers if code == 503} == {"busy"}
    assert not any((films(site.config) / id).exists() for id in failed)


async def test_a_film_whose_process_has_ended_has_failed(site: Site) -> None:
    id = made(site.config, 1, "running")
    outdate(site.config, id, 100)
    found = json.loads((await site.get(f"{PATH}/{id}")).body)
    assert (found["state"], found["reason"]) == ("failed", "the process that made it was ended")


class Held(subprocess.Popen[bytes]):
    """A process that a disk keeps from ending: what waits for one in the kernel ends only after that."""

    def kill(self) -> None:
        """Nothing happens for now."""


@pytest.mark.medium
async def test_a_process_that_does_not_end_holds_nobody_up(site: Site) -> None:
    id = made(site.config, 1, "running")
    exports = site.gateway._exports
    waits = "import select; select.select([0], [], [], 30)"
    process = exports._processes[id] = Held([sys.executable, "-c", waits], stdin=subprocess.PIPE)
    assert process.stdin is not None
    kept = os.fdopen(os.dup(process.stdin.fileno()), "wb")  # it goes on until this is closed
    assert (await site.get(f"{PATH}/{id}", method="DELETE")).code == 204
    exports.tick()
    assert process.poll() is None
    assert exports._killed == [process]
    kept.close()
    await until(lambda: process.poll() is not None)
    exports.tick()
    assert exports._killed == []


@pytest.mark.parametrize("id", ["0" * 16, "..%2F..%2Fx", "x", "0" * 17])
async def test_what_is_no_film_is_not_found(site: Site, id: str) -> None:
    assert (await site.get(f"{PATH}/{id}")).code == 404
    assert (await site.get(f"/camera/front/recordings/export/{id}.mp4")).code == 404


@pytest.mark.parametrize(
    ("begin", "end", "text"),
    [
        (10, 3611, "from and to: found 3601 seconds; allowed: at most 3600"),
        ("noon", 10, 'from: found "noon"; allowed: Unix seconds'),
    ],
)
async def test_a_mistake_is_named(site: Site, begin: object, end: object, text: str) -> None:
    code, error = await ask(site, begin, end)
    assert (code, error["message"][: len(text)]) == (400, text)


async def test_films_need_the_scope_and_the_camera(recorded: Config) -> None:
    for scopes, cameras in ((("view", "control"), None), (("recordings",), ("back",))):
        headers = with_token(recorded, *scopes, cameras=cameras)
        async with serving(recorded) as site:
            id = made(site.config, 7)
            assert (await ask(site, 1, 2, headers=headers))[0] == 403
            assert (await site.get(f"{PATH}/{id}", headers=headers)).code == 403
            assert (await site.get(f"/camera/front/recordings/export/{id}.mp4", headers=headers)).code == 403
            assert (await site.get(f"{PATH}/{id}", method="DELETE", headers=headers)).code == 403
            await site.gateway._exports.delete(id)
