"""Each conversion is made once, for all that ask for it, and the newest results are kept up to a limit."""

import pytest

from framebus.protocol.stills import SnapshotRequest
from framebus.protocol.wire import FrameHeader, parse
from snapshot.conversion import Conversion
from snapshot.conversion_jobs import ConversionJobs
from snapshot.errors import StillError
from snapshot.still import Still
from tests.snapshot.service import peek

STILL = Still(parse(peek(), FrameHeader)[1], b"\xff\xd8J\xff\xd9")


def wanted(quality: int) -> Conversion:
    conversion = Conversion.of(STILL, SnapshotRequest(camera="front", quality=quality))
    assert conversion is not None
    return conversion


def test_equal_requests_share_a_job() -> None:
    jobs = ConversionJobs(max_waiting=1, cache_bytes=100)
    assert jobs.request([b"a"], wanted(1), STILL, 64) is None
    assert jobs.request([b"b"], wanted(1), STILL, 64) is None
    (job,) = jobs.new()
    assert (job.wanted, job.still, job.max_megapixels, job.envelopes) == (wanted(1), STILL, 64, [[b"a"], [b"b"]])
    assert list(jobs.new()) == []


def test_a_job_that_has_ended_makes_room_and_its_reply_is_kept() -> None:
    jobs = ConversionJobs(max_waiting=1, cache_bytes=100)
    jobs.request([b"a"], wanted(1), STILL, 64)
    with pytest.raises(StillError, match=r"\A1 pictures wait already to be converted\Z") as refused:
        jobs.request([b"b"], wanted(2), STILL, 64)
    assert refused.value.code == "busy"
    (job,) = jobs.new()
    jobs.end(job, b"reply")
    assert jobs.request([b"c"], wanted(1), STILL, 64) == b"reply"
    assert jobs.request([b"d"], wanted(2), STILL, 64) is None


def test_a_job_that_has_failed_is_made_again_for_the_next_request() -> None:
    jobs = ConversionJobs(max_waiting=1, cache_bytes=100)
    for envelope in (b"a", b"b"):
        assert jobs.request([envelope], wanted(1), STILL, 64) is None
        (job,) = jobs.new()
        assert job.envelopes == [[envelope]]
        jobs.end(job, None)


def test_the_reply_that_was_not_used_for_the_longest_time_makes_room() -> None:
    jobs = ConversionJobs(max_waiting=9, cache_bytes=100)
    for quality in (1, 2):
        jobs.request([b"a"], wanted(quality), STILL, 64)
    for job in list(jobs.new()):
        jobs.end(job, bytes(40))
    assert jobs.request([b"b"], wanted(1), STILL, 64) is not None
    jobs.request([b"c"], wanted(3), STILL, 64)
    (job,) = jobs.new()
    jobs.end(job, bytes(40))
    assert jobs.kept_bytes == 80
    assert jobs.request([b"d"], wanted(1), STILL, 64) is not None
    assert jobs.request([b"e"], wanted(2), STILL, 64) is None
