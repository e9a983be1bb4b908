import pytest

from snapshot.ring import Ring
from snapshot.still import Still
from tests.gateway.camera import frame_header

KB = 1000


def still(seq: int, kilobytes: int = 1, period: float = 1.0) -> Still:
    """A frame taken at Unix second 1000 + seq."""
    at = seq * period
    return Still(frame_header("front", seq, captured=1000 + at, monotonic=50 + at), bytes(kilobytes * KB))


def filled(ring: Ring, count: int, kilobytes: int = 1) -> Ring:
    for seq in range(1, count + 1):
        ring.put(still(seq, kilobytes))
    return ring


def test_it_keeps_the_frames_of_so_many_seconds() -> None:
    ring = filled(Ring(5, 1000 * KB), 20)
    assert [kept.header.seq for kept in ring.last(100)] == [15, 16, 17, 18, 19, 20]
    assert ring.span == (1015, 1020)


def test_it_keeps_no_more_bytes_than_allowed() -> None:
    ring = filled(Ring(3600, 10 * KB), 20, kilobytes=3)
    assert (len(ring), ring.bytes) == (3, 9 * KB)


def test_a_frame_that_is_larger_than_all_that_is_allowed_is_not_kept() -> None:
    ring = filled(Ring(3600, 10 * KB), 3)
    ring.put(still(4, kilobytes=11))
    assert (len(ring), ring.bytes, ring.span) == (0, 0, None)


def test_without_seconds_it_keeps_none() -> None:
    assert len(filled(Ring(0, 1000 * KB), 5)) == 0


@pytest.mark.parametrize(
    ("moment", "seq"), [(1003, 3), (1003.4, 3), (1003.6, 4), (999.5, 1), (1012, 10), (990, None), (1020, None)]
)
def test_the_frame_nearest_to_a_moment_is_found(moment: float, seq: int | None) -> None:
    found = filled(Ring(60, 1000 * KB), 10).near(moment)
    assert (found.header.seq if found else None) == seq


def test_an_empty_one_has_nothing() -> None:
    ring = Ring(60, 1000 * KB)
    assert (ring.near(1000), ring.last(10), ring.span) == (None, [], None)


def test_the_last_seconds_are_counted_from_the_newest() -> None:
    assert [kept.header.seq for kept in filled(Ring(60, 1000 * KB), 10).last(2)] == [8, 9, 10]
