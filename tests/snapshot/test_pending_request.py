"""Which frames satisfy a request that waits."""

from framebus.protocol.stills import SnapshotRequest
from framebus.protocol.wire import FrameHeader, parse
from snapshot.pending_request import PendingRequest
from snapshot.still import Still
from tests.snapshot.service import NOW, peek


def taken(seconds: float) -> Still:
    """A frame that was captured so many seconds after NOW."""
    return Still(parse(peek(age=-seconds), FrameHeader)[1], b"")


def pending(frames_left: int = 0) -> PendingRequest:
    return PendingRequest([b"a"], SnapshotRequest(camera="front"), NOW + 5, NOW, frames_left)


def test_a_frame_satisfies_it_that_was_captured_after_the_request() -> None:
    assert not pending().is_satisfied_by(taken(-0.1), NOW)
    assert not pending().is_satisfied_by(taken(0), NOW)
    assert pending().is_satisfied_by(taken(0.1), NOW + 0.1)


def test_an_earlier_frame_satisfies_it_while_that_is_young_enough() -> None:
    request = pending()
    request.max_age = 1.0
    assert request.is_satisfied_by(taken(-0.5), NOW + 0.5)
    assert not request.is_satisfied_by(taken(-0.5), NOW + 0.6), "it was under way for too long"
    assert request.is_satisfied_by(taken(0.1), NOW + 3), "captured after the request: as fresh as can be"


def test_frames_to_skip_count_from_the_request_on() -> None:
    request = pending(frames_left=2)
    assert [request.is_satisfied_by(taken(seconds), NOW + 1) for seconds in (-0.2, -0.1, 0.1, 0.2, 0.3, 0.4)] == [
        False,
        False,
        False,
        False,
        True,
        True,
    ]
