import pytest

from snapshot.clips import IDLE_SECONDS, MAX_CLIPS, Clips
from snapshot.errors import StillError
from tests.clock import Clock
from tests.snapshot.test_clip import stills

MOST = 1_000_000


def test_a_clip_is_found_by_its_id_and_its_camera() -> None:
    clips = Clips(Clock(0.0), MOST)
    name, clip = clips.open("front", stills(2), "mjpg")
    assert clips.get("front", name) is clip
    for camera, wrong in (("back", name), ("front", "guessed"), ("front", "")):
        with pytest.raises(StillError) as refused:
            clips.get(camera, wrong)
        assert refused.value.code == "not-kept"


def test_a_clip_that_is_not_fetched_on_is_dropped() -> None:
    clock = Clock(0.0)
    clips = Clips(clock, MOST)
    name, _ = clips.open("front", stills(2), "mjpg")
    for _ in range(3):
        clock.seconds += IDLE_SECONDS
        clips.tick()
        clips.get("front", name)
    clock.seconds += IDLE_SECONDS + 1
    clips.tick()
    with pytest.raises(StillError):
        clips.get("front", name)


def test_there_is_a_limit_to_those_that_are_fetched() -> None:
    clips = Clips(Clock(0.0), MOST)
    names = [clips.open("front", stills(1), "mjpg")[0] for _ in range(MAX_CLIPS)]
    with pytest.raises(StillError, match=rf"^{MAX_CLIPS} clips are being fetched already$"):
        clips.open("front", stills(1), "mjpg")
    clips.close(names[0])
    clips.open("front", stills(1), "mjpg")


def test_frames_in_several_clips_take_their_memory_once() -> None:
    clips = Clips(Clock(0.0), MOST)
    taken = stills(10)
    for _ in range(3):
        clips.open("front", taken[2:], "avi")
    assert clips.bytes == sum(len(still.jpeg) for still in taken[2:])
    clips.open("front", taken, "mjpg")
    assert clips.bytes == sum(len(still.jpeg) for still in taken)


def test_clips_of_other_frames_are_refused_beyond_the_memory_for_them() -> None:
    first, later = stills(10), stills(10)
    size = sum(len(still.jpeg) for still in first)
    clips = Clips(Clock(0.0), size)
    clips.open("front", first, "mjpg")
    clips.open("front", first[5:], "avi")
    with pytest.raises(StillError, match=r"^the clips that are being fetched take 0 MB; allowed: ") as refused:
        clips.open("front", later, "mjpg")
    assert refused.value.code == "busy"
    assert len(clips) == 2
    for clip_id in list(clips._clips):
        clips.close(clip_id)
    clips.open("front", later, "mjpg")
    assert clips.bytes == size
