import pytest

from snapshot.clips import IDLE_SECONDS, MAX_CLIPS, Clips
from snapshot.errors import StillError
from tests.snapshot.test_clip import stills


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_clip_is_known_by_its_id_to_who_asks_for_the_same_camera() -> None:
    clips = Clips(Clock())
    name, clip = clips.open("front", stills(2), "mjpg")
    assert clips.known("front", name) is clip
    for camera, wrong in (("back", name), ("front", "guessed"), ("front", "")):
        with pytest.raises(StillError) as refused:
            clips.known(camera, wrong)
        assert refused.value.code == "not-kept"


def test_one_that_nobody_fetches_on_is_let_go() -> None:
    clock = Clock()
    clips = Clips(clock)
    name, _ = clips.open("front", stills(2), "mjpg")
    for _ in range(3):
        clock.seconds += IDLE_SECONDS
        clips.tick()
        clips.known("front", name)
    clock.seconds += IDLE_SECONDS + 1
    clips.tick()
    with pytest.raises(StillError):
        clips.known("front", name)


def test_there_is_a_limit_to_those_that_are_fetched() -> None:
    clips = Clips(Clock())
    names = [clips.open("front", stills(1), "mjpg")[0] for _ in range(MAX_CLIPS)]
    with pytest.raises(StillError, match=rf"^{MAX_CLIPS} clips are being fetched already$"):
        clips.open("front", stills(1), "mjpg")
    clips.close(names[0])
    clips.open("front", stills(1), "mjpg")
