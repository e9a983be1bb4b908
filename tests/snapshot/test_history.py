import pytest

from snapshot.history import History
from snapshot.still import Still
from tests.headers import frame_header

KB = 1000


def still(seq: int, kilobytes: int = 1, period: float = 1.0) -> Still:
    """A frame taken at Unix second 1000 + seq."""
    at = seq * period
    return Still(frame_header("front", seq, captured=1000 + at, monotonic=50 + at), bytes(kilobytes * KB))


def filled(history: History, count: int, kilobytes: int = 1) -> History:
    for seq in range(1, count + 1):
        history.put(still(seq, kilobytes))
    return history


def test_it_keeps_the_frames_of_so_many_seconds() -> None:
    history = filled(History(5, 1000 * KB), 20)
    assert [kept.header.seq for kept in history.last(100)] == [15, 16, 17, 18, 19, 20]
    assert history.span == (1015, 1020)


def test_it_keeps_no_more_bytes_than_allowed() -> None:
    history = filled(History(3600, 10 * KB), 20, kilobytes=3)
    assert (len(history), history.bytes) == (3, 9 * KB)


def test_a_frame_that_is_larger_than_all_that_is_allowed_is_not_kept() -> None:
    history = filled(History(3600, 10 * KB), 3)
    history.put(still(4, kilobytes=11))
    assert (len(history), history.bytes, history.span) == (0, 0, None)


def test_without_seconds_it_keeps_none() -> None:
    assert len(filled(History(0, 1000 * KB), 5)) == 0


@pytest.mark.parametrize(
    ("moment", "seq"), [(1003, 3), (1003.4, 3), (1003.6, 4), (999.5, 1), (1012, 10), (990, None), (1020, None)]
)
def test_the_frame_nearest_to_a_moment_is_found(moment: float, seq: int | None) -> None:
    found = filled(History(60, 1000 * KB), 10).nearest(moment)
    assert (found.header.seq if found else None) == seq


def test_an_empty_one_has_nothing() -> None:
    history = History(60, 1000 * KB)
    assert (history.nearest(1000), history.last(10), history.span) == (None, [], None)


def test_the_last_seconds_are_counted_from_the_newest() -> None:
    assert [kept.header.seq for kept in filled(History(60, 1000 * KB), 10).last(2)] == [8, 9, 10]


def test_a_lower_limit_drops_the_oldest_at_once() -> None:
    history = filled(History(3600, 10 * KB), 10)
    history.limit(4 * KB)
    assert [kept.header.seq for kept in history.last(100)] == [7, 8, 9, 10]
    history.limit(20 * KB)
    assert len(filled(history, 10)) == 14
