"""Which pictures are repeats of the one before."""

import pytest

from capture.media.repeated_pictures import RepeatedPictures

TIME = b"1767225600.125000"
PICTURE = b"\xff\xd8" + b"a" * 1000 + b"\xff\xd9"


def test_the_same_picture_with_the_same_time_is_a_repeat() -> None:
    repeated = RepeatedPictures()
    assert [repeated.is_repeat(TIME, PICTURE) for _ in range(3)] == [False, True, True]
    assert not repeated.is_repeat(b"1767225600.125001", PICTURE)
    assert not repeated.is_repeat(TIME, PICTURE), "not the one before"


@pytest.mark.parametrize("timestamp", [b"", b"0", b"0.000000", b" "])
def test_a_server_that_gives_no_time_may_have_taken_the_same_picture_twice(timestamp: bytes) -> None:
    repeated = RepeatedPictures()
    assert not any(repeated.is_repeat(timestamp, PICTURE) for _ in range(3))


OTHERS = [PICTURE[:-3] + b"b\xff\xd9", PICTURE[:2] + PICTURE[3:]]


@pytest.mark.parametrize("other", OTHERS, ids=["bytes", "length"])
def test_another_picture_of_a_time_that_never_changes_is_none(other: bytes) -> None:
    repeated = RepeatedPictures()
    assert [repeated.is_repeat(TIME, picture) for picture in (PICTURE, other, PICTURE)] == [False, False, False]


def test_what_is_drawn_on_the_last_picture_of_a_camera_with_exact_times_is_a_repeat() -> None:
    repeated = RepeatedPictures()
    times = b"1767225600.025123", TIME[:-3] + b"456", TIME[:-3] + b"456", b"1767225601.000001"
    pictures = PICTURE, PICTURE, OTHERS[0], OTHERS[0]
    assert list(map(repeated.is_repeat, times, pictures)) == [False, False, True, False]


@pytest.mark.parametrize("timestamp", [b"1767225601", b"1767225601.5", b"1767225601.000000", b"1767225601.120000"])
def test_a_coarse_time_may_be_that_of_several_pictures(timestamp: bytes) -> None:
    repeated = RepeatedPictures()
    times = TIME, timestamp, timestamp, timestamp
    assert list(map(repeated.is_repeat, times, (PICTURE, PICTURE, OTHERS[0], OTHERS[0]))) == [False, False, False, True]
