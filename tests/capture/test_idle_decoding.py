"""Which encoded pictures are decoded with and without viewers."""

import pytest

from capture.idle_decoding import (
    MAX_HELD_BYTES,
    MAX_HELD_PICTURES,
    SLOW_SECONDS,
    WAIT_SECONDS,
    Due,
    Kind,
    Need,
    UndecodedPictures,
)
from tests.clock import Clock

PATIENCE = 10.0


class Stream:
    """Numbers its pictures, from 0."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.clock = Clock()
        self.pictures: UndecodedPictures[int] = UndecodedPictures(patience, self.clock)
        self._next = 0

    def put(self, kind: Kind, need: Need, size: int = 1) -> Due[int]:
        number, self._next = self._next, self._next + 1
        return self.pictures.put(number, size, kind, need)


@pytest.fixture
def idle() -> Stream:
    """A stream of which picture 0, a key frame, was decoded."""
    stream = Stream()
    assert stream.put("key", "each") == Due([0])
    return stream


def test_with_viewers_each_picture_is_decoded_as_it_comes() -> None:
    stream = Stream()
    kinds: list[Kind] = ["delta", "header", "key", "delta", "delta", "key"]
    assert [stream.put(kind, "each") for kind in kinds] == [Due([number]) for number in range(6)]
    assert not stream.pictures.behind


@pytest.mark.parametrize("need", ["one", "none"])
def test_until_the_first_key_frame_each_picture_is_decoded(need: Need) -> None:
    """Some cameras have no key frames: each picture refreshes a part."""
    stream = Stream()
    kinds: list[Kind] = ["header", "delta", "key"]
    assert [stream.put(kind, need) for kind in kinds] == [Due([0]), Due([1]), Due([2])]
    assert stream.put("delta", need) == Due([])


def test_without_viewers_only_key_frames_are_decoded_and_the_decoder_forgets_the_rest(idle: Stream) -> None:
    assert [idle.put(kind, "one") for kind in ("delta", "delta", "key", "delta", "key")] == [
        Due([]),
        Due([]),
        Due([3], after_gap=True),
        Due([]),
        Due([5], after_gap=True),
    ]


def test_nothing_is_decoded_while_nothing_is_wanted(idle: Stream) -> None:
    assert [idle.put(kind, "none") for kind in ("delta", "key", "key", "delta")] == [Due([])] * 4
    assert idle.put("key", "one") == Due([5], after_gap=True)


def test_the_first_viewer_gets_the_newest_picture_with_all_that_it_needs(idle: Stream) -> None:
    for kind in ("delta", "key", "delta", "delta"):
        idle.put(kind, "none")
    behind = [idle.pictures.behind]
    assert idle.put("delta", "each") == Due([2, 3, 4, 5], after_gap=True)
    assert [*behind, idle.pictures.behind] == [True, False]
    assert idle.put("delta", "each") == Due([6])


def test_a_viewer_ahead_of_the_next_key_frame_needs_no_new_start(idle: Stream) -> None:
    idle.put("delta", "none")
    assert idle.put("delta", "each") == Due([1, 2])


def test_parameters_ahead_of_a_key_frame_are_kept_for_it(idle: Stream) -> None:
    kinds: list[Kind] = ["delta", "header", "header"]
    assert [idle.put(kind, "one") for kind in kinds] == [Due([])] * 3
    assert idle.put("key", "one") == Due([2, 3, 4], after_gap=True)


def test_parameters_alone_are_no_gap(idle: Stream) -> None:
    idle.put("header", "one")
    assert idle.put("key", "one") == Due([1, 2])


def pictures_until_due(stream: Stream, need: Need) -> int:
    """How many pictures, four a second, come until some are decoded."""
    for count in range(1, 100):
        stream.clock.seconds += 0.25
        if stream.put("delta", need).pictures:
            return count
    return 0


def test_where_key_frames_are_rare_a_wanted_picture_waits_for_so_long(idle: Stream) -> None:
    assert pictures_until_due(idle, "one") == 4 * WAIT_SECONDS + 1
    assert pictures_until_due(idle, "one") == 4 * WAIT_SECONDS + 1


def test_the_wait_begins_when_a_picture_is_wanted(idle: Stream) -> None:
    idle.put("delta", "one")
    assert pictures_until_due(idle, "none") == 0
    assert pictures_until_due(idle, "one") == 4 * WAIT_SECONDS + 1


def test_the_wait_is_shorter_than_what_counts_as_silence() -> None:
    stream = Stream(patience=2.0)
    stream.put("key", "one")
    assert pictures_until_due(stream, "one") == 5


def test_each_picture_of_a_slow_camera_is_decoded(idle: Stream) -> None:
    idle.put("delta", "none")
    idle.clock.seconds += SLOW_SECONDS + 0.1
    assert idle.put("delta", "none") == Due([1, 2])


@pytest.mark.parametrize(("size", "count"), [(MAX_HELD_BYTES // 4 + 1, 4), (1, MAX_HELD_PICTURES + 1)])
def test_what_is_kept_is_limited(size: int, count: int, idle: Stream) -> None:
    due = [idle.put("delta", "none", size) for _ in range(count)]
    assert due == [*[Due([])] * (count - 1), Due(list(range(1, count + 1)))]
    assert not idle.pictures.behind
