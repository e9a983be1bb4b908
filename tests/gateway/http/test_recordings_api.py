"""Recordings over HTTP, from real files behind a real gateway: lists, files with Range, clips, stills of the past."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from framebus.config.load import Config
from framebus.credentials import accounts
from framebus.credentials.accounts import Scope, Token, token_hash
from framebus.recordings.segment_reader import SegmentReader
from gateway.http.moment import ALLOWED
from gateway.net.rate_limit import MAX_CONCURRENT_DOWNLOADS
from tests.conftest import Configure
from tests.framebus.recordings.segments import STARTED, jpeg, segment, store
from tests.gateway.conftest import Site, serving, until
from tests.gateway.still_service import StillService

SECOND = [0, 500, 1000, 1500]
STORED = segment(SECOND)
"""The bytes of the file of a second and a half of front."""
CAMERAS = '[camera.front]\nsource = "testcard"\n[camera.back]\nsource = "testcard"\n'
LIST = "/api/cameras/front/recordings"
CLIP = f"/camera/front/recordings/clip.mkv?from={STARTED}&to={STARTED + 100}"
STILL = f"/camera/front/snapshot.jpg?at={STARTED + 0.6}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


@pytest.fixture
def path(folder: Path) -> Path:
    """Its path."""
    return store(folder, STARTED, SECOND)


@pytest.fixture
def recorded(configure: Configure, folder: Path, path: Path) -> Config:
    """Two cameras, of which front was recorded."""
    assert path.is_relative_to(folder)
    return configure(f'{CAMERAS}[recorder]\nfolder = "{folder}"\n')


@pytest.fixture
async def site(recorded: Config) -> AsyncIterator[Site]:
    async with serving(recorded) as site:
        yield site


async def listed(site: Site, query: str = "") -> dict[str, Any]:
    answer = await site.get(f"{LIST}{query}")
    assert answer.code == 200, answer.body
    found: dict[str, Any] = json.loads(answer.body)
    return found


async def file_url(site: Site) -> str:
    found: str = (await listed(site, "?files"))["files"][0]["url"]
    return found


async def test_the_spans_of_a_time_are_listed(site: Site, folder: Path, path: Path) -> None:
    kept = store(folder, STARTED + 100, SECOND, keep=True)
    found = await listed(site)
    size = [each.stat().st_size for each in (path, kept)]
    begin = int(STARTED * 1000) / 1000
    assert found == {
        "camera": "front",
        "spans": [
            {"begin": begin, "end": begin + 1.5, "bytes": size[0], "keep": False},
            {"begin": begin + 100, "end": begin + 101.5, "bytes": size[1], "keep": True},
        ],
        "next": None,
    }
    without = [{key: span[key] for key in ("begin", "end", "keep")} for span in found["spans"]]
    assert (await listed(site, "?bytes=0"))["spans"] == without
    assert (await listed(site, "?bytes=0&files"))["spans"] == found["spans"]
    assert (await listed(site, f"?from={STARTED + 50}"))["spans"] == found["spans"][1:]
    assert (await listed(site, f"?to={STARTED + 50}&nonsense=1"))["spans"] == found["spans"][:1]
    assert json.loads((await site.get("/api/cameras/back/recordings")).body)["spans"] == []


async def test_the_files_are_listed_with_their_urls(site: Site, folder: Path) -> None:
    store(folder, STARTED + 100, SECOND, ended=False)
    first, second = (await listed(site, "?files=1"))["files"]
    assert first["url"] == "/camera/front/recordings/2026-01-01/00-00-00.123Z_1.500s.mkv"
    assert (first["complete"], second["complete"]) == (True, False)
    assert second["url"] == "/camera/front/recordings/2026-01-01/00-01-40.123Z.mkv"
    assert (await site.get(second["url"])).code == 200


async def test_a_mistake_in_a_list_is_named(site: Site) -> None:
    answer = await site.get(f"{LIST}?from=noon")
    assert answer.code == 400
    assert json.loads(answer.body)["error"] == {
        "code": "bad-request",
        "message": f'from: found "noon"; allowed: {ALLOWED}',
    }
    assert (await site.get("/api/cameras/attic/recordings")).code == 404


async def test_a_file_is_sent_as_it_is(site: Site) -> None:
    url = await file_url(site)
    answer = await site.get(url)
    assert (answer.code, answer.body) == (200, STORED)
    head = await site.get(url, method="HEAD", headers={"Range": "bytes=0-9"})
    assert (head.code, head.body) == (200, b"")
    for each in (answer, head):
        assert each.headers["Content-Length"] == str(len(STORED))
        assert each.headers["Content-Type"] == "video/x-matroska"
        assert each.headers["Accept-Ranges"] == "bytes"
        assert each.headers["Cache-Control"] == "no-store"
        assert each.headers["Content-Disposition"].startswith('attachment; filename="front_20')
        assert each.headers["Content-Disposition"].endswith('_2s.mkv"')


async def test_a_range_of_a_file(site: Site) -> None:
    size = len(STORED)
    url = await file_url(site)
    answer = await site.get(url, headers={"Range": "bytes=100-199"})
    assert (answer.code, answer.body) == (206, STORED[100:200])
    assert answer.headers["Content-Range"] == f"bytes 100-199/{size}"
    assert answer.headers["Content-Length"] == "100"
    tag = answer.headers["ETag"]
    same = await site.get(url, headers={"Range": "bytes=-5", "If-Range": tag})
    assert (same.code, same.body) == (206, STORED[-5:])
    changed = await site.get(url, headers={"Range": "bytes=-5", "If-Range": '"other"'})
    assert (changed.code, changed.body) == (200, STORED)
    beyond = await site.get(url, headers={"Range": f"bytes={size}-"})
    assert (beyond.code, beyond.body, beyond.headers["Content-Range"]) == (416, b"", f"bytes */{size}")
    assert (await site.get(url, headers={"If-None-Match": tag})).code == 304


@pytest.mark.parametrize(
    "names",
    [
        "2026-01-01/..%2F..%2Fsecret.mkv",
        "2026-01-01/%2e%2e%2fsecret.mkv",
        "2026-01-01/..%5Csecret.mkv",
        "2026-01-01/../secret.mkv",
        "2026-01-01/%2Fetc%2Fsecret.mkv",
        "..%2F2026-01-01/00-00-00.123Z_1.500s.mkv",
        "2026-01-01/00-00-00.123Z_1.500s.mkv%00.mkv",
        "2026-01-01/00-00-00.123Z_1.500s.mkv%0a",
        "2026-01-01/notes.mkv",
        "2026-01-01/00-00-05.000Z_1.000s.mkv",
        "2026-01-01/",
        "",
    ],
)
async def test_no_name_in_a_url_leads_out_of_the_folder(site: Site, folder: Path, path: Path, names: str) -> None:
    for secret in (folder / "secret.mkv", folder / "front" / "secret.mkv", path.with_name("notes.mkv")):
        secret.write_bytes(b"private")
    outside = folder.parent / "outside.mkv"
    outside.write_bytes(b"private")
    path.with_name("00-00-05.000Z_1.000s.mkv").symlink_to(outside)
    answer = await site.get(f"/camera/front/recordings/{names}")
    assert answer.code == 404
    assert b"private" not in answer.body


async def test_a_file_that_is_gone_is_told(site: Site) -> None:
    answer = await site.get("/camera/front/recordings/2026-01-01/09-00-00.000Z.mkv")
    assert (answer.code, answer.body) == (
        404,
        b"404: camera front has no recording 2026-01-01/09-00-00.000Z.mkv; it may have been deleted, or has ended\n",
    )


async def test_a_clip_has_the_original_frames(site: Site, folder: Path, tmp_path: Path) -> None:
    store(folder, STARTED + 50, SECOND)
    answer = await site.get(CLIP)
    assert answer.code == 200
    assert answer.headers["Content-Type"] == "video/x-matroska"
    assert answer.headers["Content-Disposition"].endswith('_100s.mkv"')
    (tmp_path / "clip.mkv").write_bytes(answer.body)
    with SegmentReader(tmp_path / "clip.mkv") as reader:
        frames = list(reader.frames())
        assert [frame.ms for frame in frames] == [0, 500, 1000, 1500, 50000, 50500, 51000, 51500]
        assert [reader.jpeg(frame) for frame in frames] == [jpeg(number) for number in (0, 1, 2, 3)] * 2


async def test_the_head_of_a_clip_has_no_length(site: Site) -> None:
    answer = await site.get(CLIP, method="HEAD")
    assert (answer.code, answer.headers["Content-Type"]) == (200, "video/x-matroska")
    assert "Content-Length" not in answer.headers
    assert site.gateway._recordings.downloads == 0


async def test_a_clip_of_nothing_is_404_and_a_long_one_400(site: Site) -> None:
    answer = await site.get("/camera/front/recordings/clip.mkv?from=1000&to=1060")
    assert (answer.code, answer.body) == (
        404,
        b"404: there is no recording of camera front from 1000.000 to 1060.000\n",
    )
    answer = await site.get("/camera/front/recordings/clip.mkv?from=1000&to=9000")
    assert (answer.code, answer.body) == (400, b"400: from and to: found 8000 seconds; allowed: at most 3600\n")


async def test_a_still_of_the_past_comes_from_recordings(site: Site) -> None:
    async with StillService(site.config).refusing("not-kept", "there is no history of camera front"):
        answer = await site.get(STILL)
        assert (answer.code, answer.body) == (200, jpeg(1))
        assert answer.headers["X-Timestamp"] == f"{STARTED + 0.5:.6f}"
        assert answer.headers["ETag"] == f'"recorded-{STARTED + 0.5:.6f}"'
        assert int(answer.headers["Age"]) > 0
        assert (await site.get(STILL, headers={"If-None-Match": answer.headers["ETag"]})).code == 304
        answer = await site.get("/camera/front/snapshot.jpg?at=1000")
        assert answer.body == b"404: there is no history of camera front; nor is it recorded\n"
        answer = await site.get(f"{STILL}&width=10")
        assert answer.code == 400


async def test_a_still_of_the_history_is_that_of_the_history(site: Site) -> None:
    async with StillService(site.config).answering(jpeg(9)):
        assert (await site.get(STILL)).body == jpeg(9)


async def test_other_refusals_stay_what_they_are(site: Site) -> None:
    async with StillService(site.config).refusing("offline", "camera front is offline"):
        assert (await site.get(STILL)).body == b"503: camera front is offline\n"


def with_token(config: Config, *scopes: Scope, cameras: tuple[str, ...] | None = None) -> dict[str, str]:
    """The headers of a program with these scopes."""
    with accounts.changing(config.secrets) as everybody:
        everybody.tokens["program"] = Token(token_hash("fb_x"), 0.0, scopes, cameras)
    return {"Authorization": "Bearer fb_x"}


async def test_only_the_scope_recordings_opens_them(recorded: Config) -> None:
    headers = with_token(recorded, "view", "snapshot", "control")
    paths = (LIST, CLIP, "/camera/front/recordings/2026-01-01/00-00-00.123Z_1.500s.mkv")
    async with serving(recorded) as site, StillService(recorded).refusing("not-kept", "no history"):
        assert [(await site.get(path)).code for path in paths] == [401] * 3
        assert [(await site.get(path, headers=headers)).code for path in paths] == [403] * 3
        assert (await site.get(STILL, headers=headers)).body == b"404: no history\n"


async def test_the_scope_opens_those_of_its_cameras(recorded: Config) -> None:
    headers = with_token(recorded, "recordings", "snapshot", cameras=("front",))
    async with serving(recorded) as site, StillService(recorded).refusing("not-kept", "no history"):
        url = json.loads((await site.get(f"{LIST}?files", headers=headers)).body)["files"][0]["url"]
        assert [(await site.get(path, headers=headers)).code for path in (url, CLIP, STILL)] == [200] * 3
        others = [path.replace("front", "back") for path in (LIST, url, CLIP, STILL)]
        assert [(await site.get(path, headers=headers)).code for path in others] == [403] * 4


async def unread(site: Site, path: str, more: str = "") -> asyncio.StreamWriter:
    """A request whose answer is not read beyond its beginning."""
    listen = site.config.gateway.listen
    reader, writer = await asyncio.open_connection(listen.host, listen.port, limit=1024)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode())
    assert (await asyncio.wait_for(reader.readline(), 15)).split()[1] == b"200"
    return writer


@pytest.fixture
def large(path: Path) -> str:
    """The URL of a file of 50 MB, more than the kernel holds for a client."""
    with path.open("r+b") as file:
        file.truncate(50_000_000)
    return f"/camera/front/recordings/{path.parent.name}/{path.name}"


async def test_a_client_has_so_many_downloads_and_one_that_leaves_frees_its_place(site: Site, large: str) -> None:
    slow = [await unread(site, large) for _ in range(MAX_CONCURRENT_DOWNLOADS)]
    refused = await site.get(large)
    assert (refused.code, refused.body) == (
        429,
        b"429: 4 downloads of recordings for 127.0.0.1 are in progress already\n",
    )
    assert site.gateway._recordings.downloads == MAX_CONCURRENT_DOWNLOADS
    for writer in slow:
        writer.transport.abort()
    await until(lambda: not site.gateway._recordings.downloads)
    assert (await site.get(large, headers={"Range": "bytes=0-9"})).code == 206


async def test_a_download_that_is_not_read_ends(site: Site, large: str, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = await unread(site, large)
    clock = 0.0
    monkeypatch.setattr(site.gateway._progress, "_now", lambda: clock)
    async with asyncio.timeout(15):
        while site.gateway._recordings.downloads:
            clock += 15
            site.gateway._progress.tick()
            await asyncio.sleep(0.02)
    writer.transport.abort()


async def test_a_download_ends_when_its_token_is_revoked(recorded: Config, large: str) -> None:
    with_token(recorded, "recordings")
    async with serving(recorded) as site:
        listen = recorded.gateway.listen
        reader, writer = await asyncio.open_connection(listen.host, listen.port)
        writer.write(f"GET {large} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer fb_x\r\n\r\n".encode())
        assert (await asyncio.wait_for(reader.readline(), 15)).split()[1] == b"200"
        with accounts.changing(recorded.secrets) as everybody:
            everybody.tokens.clear()
        await until(lambda: "program" not in site.gateway._access._accounts_file.accounts.tokens)
        rest = await asyncio.wait_for(reader.read(), 15)
        assert len(rest) < 50_000_000
        writer.transport.abort()


async def test_a_reload_with_another_folder_is_followed(site: Site, tmp_path: Path) -> None:
    gateway = site.gateway
    gateway.follow(site.config.cameras, gateway._endpoints, {}, tmp_path / "elsewhere")
    assert (await listed(site))["spans"] == []
