"""The folder of recordings as HTTP reads it: limits, failures of the disk, and what is forgotten."""

import asyncio
import os
import threading
from pathlib import Path

import pytest

from gateway.cameras.recordings_reader import RecordingsReader
from gateway.net.errors import HttpError
from tests.framebus.recordings.segments import STARTED, jpeg, store
from tests.gateway.conftest import until

SECOND = [0, 500, 1000, 1500]


async def test_a_list_is_cut_and_says_where_it_goes_on(tmp_path: Path) -> None:
    for number in range(5):
        store(tmp_path, STARTED + 100 * number, SECOND)
    reader = RecordingsReader(tmp_path, max_listed=2)
    found = await reader.listing("front", 0.0, float("inf"), files=True)
    assert (len(found.spans), len(found.files)) == (2, 2)
    assert found.next == pytest.approx(STARTED + 200, abs=0.001)
    assert found.next is not None
    found = await reader.listing("front", found.next + 100, float("inf"), files=False)
    assert (len(found.spans), found.files, found.next) == (2, [], None)
    reader.close()


async def test_a_frame_is_found_where_its_moment_was_recorded(tmp_path: Path) -> None:
    store(tmp_path, STARTED, SECOND)
    reader = RecordingsReader(tmp_path)
    for at, picture in ((0.6, 1), (-2.5, 0), (4.0, 3)):
        frame = await reader.frame_at("front", STARTED + at)
        assert frame is not None
        assert frame.jpeg == jpeg(picture)
    for at in (-10.0, 10.0):
        assert await reader.frame_at("front", STARTED + at) is None
    reader.close()


async def test_what_it_knows_is_forgotten_after_a_while(tmp_path: Path) -> None:
    store(tmp_path, STARTED, SECOND)
    reader = RecordingsReader(tmp_path, forget_seconds=0.01)
    known = reader._folder
    await reader.listing("front", 0.0, float("inf"), files=False)
    await until(lambda: reader._folder is not known)
    assert (await reader.listing("front", 0.0, float("inf"), files=False)).spans
    reader.close()


async def test_another_folder_is_read_from_then_on(tmp_path: Path) -> None:
    store(tmp_path / "new", STARTED, SECOND)
    reader = RecordingsReader(tmp_path / "old")
    assert await reader.frame_at("front", STARTED) is None
    reader.follow(tmp_path / "new")
    assert await reader.frame_at("front", STARTED) is not None
    reader.close()


async def test_so_many_downloads_and_no_more(tmp_path: Path) -> None:
    reader = RecordingsReader(tmp_path, max_downloads=1)
    with reader.download():
        with pytest.raises(HttpError) as raised, reader.download():
            pass
        assert raised.value.message == "1 downloads of recordings are in progress already"
    with reader.download():
        assert reader.downloads == 1


async def test_a_file_that_becomes_shorter_is_told(tmp_path: Path) -> None:
    path = store(tmp_path, STARTED, SECOND)
    reader = RecordingsReader(tmp_path)
    file = await reader.open_file("front", *path.parts[-2:])
    assert b"".join([piece async for piece in reader.read(file, 0, file.bytes)]) == path.read_bytes()
    os.truncate(path, 100)
    with pytest.raises(HttpError, match="503"):
        async for _ in reader.read(file, 0, file.bytes):
            pass
    reader.close_file(file)


async def test_a_folder_that_cannot_be_read_is_503(tmp_path: Path) -> None:
    reader = RecordingsReader(tmp_path / ("x" * 300))
    for look in (
        reader.listing("front", 0.0, float("inf"), files=False),
        reader.frame_at("front", STARTED),
        reader.open_file("front", "2026-01-01", "00-00-00.123Z.mkv"),
        anext(reader.clip("front", STARTED, STARTED + 1)),
    ):
        with pytest.raises(HttpError) as raised:
            await look
        assert (raised.value.status_code, raised.value.message) == (
            503,
            "the recordings cannot be read: File name too long",
        )
    reader.close()


async def test_a_clip_leaves_no_file_open(tmp_path: Path) -> None:
    store(tmp_path, STARTED, SECOND)
    reader = RecordingsReader(tmp_path)
    before = len(os.listdir("/proc/self/fd"))
    pieces = reader.clip("front", STARTED, STARTED + 10)
    assert await anext(pieces)
    assert await anext(pieces)
    await pieces.aclose()
    del pieces
    await until(lambda: len(os.listdir("/proc/self/fd")) <= before)


async def test_a_moment_does_not_wait_for_a_list_of_many_days(tmp_path: Path) -> None:
    store(tmp_path, STARTED, SECOND)
    reader = RecordingsReader(tmp_path)
    disk = threading.Event()
    holding = asyncio.create_task(reader._listings.run(disk.wait))
    listing = asyncio.create_task(reader.listing("front", 0.0, float("inf"), files=False))
    assert await reader.frame_at("front", STARTED + 0.6) is not None
    assert await reader.look(lambda folder: folder.frame_before("front", STARTED + 0.6)) is not None
    assert not listing.done()
    disk.set()
    await holding
    assert (await listing).spans
    reader.close()
