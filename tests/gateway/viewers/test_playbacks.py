"""What the playbacks of a connection may take together."""

import asyncio
import math
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.cameras.recordings_reader import RecordingsReader
from gateway.viewers.playback import RecordedMessage
from gateway.viewers.playback_requests import Play, Seek
from gateway.viewers.playbacks import HELD_WAIT_SECONDS, MAX_HELD_BYTES, MAX_PLAYBACKS, MAX_READS_A_SECOND, Playbacks
from tests.framebus.recordings.segments import STARTED, store
from tests.gateway.conftest import until

Said = list[tuple[str, str, dict[str, object]]]


@pytest.fixture
def said() -> Said:
    return []


@pytest.fixture
async def playbacks(tmp_path: Path, said: Said) -> Playbacks:
    def say(kind: str, camera: str, values: dict[str, object]) -> None:
        said.append((kind, camera, values))

    def nothing() -> None:
        return

    return Playbacks(RecordingsReader(tmp_path), wake=nothing, say=say, bytes_a_second=lambda: None)


@pytest.mark.parametrize(
    ("ask", "kind", "key"),
    [
        (lambda playbacks: playbacks.seek(Seek("more", 1.0, id=7)), "sought", "captured"),
        (lambda playbacks: playbacks.play(Play("more", 1.0, id=7)), "played", "at"),
    ],
)
async def test_so_many_cameras_and_no_more(
    playbacks: Playbacks, said: Said, ask: Callable[[Playbacks], None], kind: str, key: str
) -> None:
    for number in range(MAX_PLAYBACKS):
        playbacks.seek(Seek(f"camera{number}", 1.0))
    ask(playbacks)
    reason = "recordings of 16 cameras are shown already"
    assert said == [(kind, "more", {"camera": "more", "id": 7, key: None, "reason": reason})]
    playbacks.end("camera0")
    ask(playbacks)
    assert "recorded/more" in list(playbacks)
    playbacks.close()
    assert list(playbacks) == []


async def test_reads_are_limited_by_the_second(playbacks: Playbacks) -> None:
    assert playbacks.wait_seconds() == 0
    waits = [playbacks.wait_seconds() for _ in range(MAX_READS_A_SECOND)]
    assert any(0 < wait <= 2 / MAX_READS_A_SECOND for wait in waits)


async def test_nothing_is_read_while_too_much_waits_for_the_link(playbacks: Playbacks) -> None:
    playbacks.seek(Seek("front", 1.0))
    playback = playbacks.get("recorded/front")
    assert playback is not None
    playback._ready = RecordedMessage(b"x" * (MAX_HELD_BYTES + 1), (), 1, 1.0, 0.0)
    assert playbacks.wait_seconds() == HELD_WAIT_SECONDS
    playback.close()
    await asyncio.sleep(2 / MAX_READS_A_SECOND)
    assert playbacks.wait_seconds() == 0


async def test_a_frame_that_live_ones_delay_is_looked_for_again_once(playbacks: Playbacks, tmp_path: Path) -> None:
    store(tmp_path, STARTED, list(range(0, 60_000, 1000)))
    playbacks.play(Play("front", STARTED))
    playback = playbacks.get("recorded/front")
    assert playback is not None

    async def due() -> RecordedMessage:
        await until(lambda: playback._ready)
        ready = playback.next(2, math.inf)
        assert ready is not None
        return ready

    for _ in range(2):
        delayed = await due()
        assert playback.is_stale(delayed, math.inf)
        renewed = await due()
        assert renewed is not delayed
        assert not playback.is_stale(renewed, math.inf)
        playback.sent(renewed)
        playback.acknowledge(renewed.seq)
    playback.close()


@pytest.mark.parametrize(
    "ask",
    [
        lambda playbacks: playbacks.seek(Seek("front", STARTED + 1, id=7)),
        lambda playbacks: playbacks.play(Play("front", STARTED + 100, id=7)),
    ],
    ids=["a frame", "the end of another film"],
)
async def test_what_was_being_read_when_a_film_began_is_not_shown(
    playbacks: Playbacks, said: Said, ask: Callable[[Playbacks], None], tmp_path: Path
) -> None:
    store(tmp_path, STARTED, list(range(0, 60_000, 1000)))
    disk, answers = playbacks._recordings._lookups, threading.Event()
    busy = asyncio.ensure_future(disk.run(answers.wait))
    await until(disk._places.locked)
    ask(playbacks)
    await until(lambda: disk._waiting == 2)
    playbacks.play(Play("front", STARTED, id=8))
    answers.set()
    await busy
    playback = playbacks.get("recorded/front")
    assert playback is not None
    await until(lambda: playback._ready)
    assert playback._ready is not None
    assert (playback._ready.at, playback._ready.film) == (STARTED, playback._film)
    assert said == []
    playback.close()
