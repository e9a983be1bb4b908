import io
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from select import select

import pytest
from PIL import Image

from framebus.protocol.stills import SnapshotRequest
from snapshot.conversion import Conversion, convert
from snapshot.conversion_jobs import Job
from snapshot.converters import CONVERTERS, LARGE_MEGAPIXELS, Convert, Converters, Result
from snapshot.errors import StillError
from snapshot.still import Still
from tests.gateway.camera import claiming, jpeg
from tests.headers import frame_header


@contextmanager
def converters(convert: Convert = convert) -> Iterator[Converters]:
    made = Converters(convert)
    try:
        yield made
    finally:
        made.close()


def job(picture: bytes, seq: int = 1) -> Job:
    still = Still(frame_header("front", seq), picture)
    wanted = Conversion.of(still, SnapshotRequest(camera="front", width=8))
    assert wanted is not None
    return Job(wanted, still, 64)


def results(converters: Converters, count: int, seconds: float = 30) -> list[Result]:
    """The results of so many jobs."""
    found: list[Result] = []
    deadline = time.monotonic() + seconds
    while len(found) < count:
        assert select([converters], [], [], max(0, deadline - time.monotonic()))[0], "a job got no result"
        found += converters.results()
    return found


def damaged_exif() -> bytes:
    """A picture whose EXIF begins with nothing that TIFF knows (Pillow issue 8348)."""
    block = b"Exif\0\0Exif\0\0"
    picture = jpeg()
    return picture[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + picture[2:]


def grey(megapixels: int) -> bytes:
    """A picture with so many pixels that takes few bytes."""
    output = io.BytesIO()
    Image.new("L", (1000, megapixels * 1000)).save(output, "JPEG", quality=10)
    return output.getvalue()


def test_a_picture_is_converted() -> None:
    with converters() as made:
        begun = job(jpeg())
        made.submit(begun)
        (result,) = results(made, 1)
    assert result.job is begun
    assert isinstance(result.outcome, Still)
    assert result.outcome.header.width == 8


@pytest.mark.parametrize(
    ("picture", "code"),
    [
        (claiming((40_000, 40_000)), "too-large"),
        (claiming((65_535, 65_535)), "too-large"),
        (claiming((0, 0)), "damaged"),
        (b"\xff\xd8 no picture \xff\xd9", "damaged"),
        (b"", "damaged"),
        (jpeg()[:300], "damaged"),
        (jpeg()[:20] + b"\xff\xd9", "damaged"),
    ],
)
def test_a_picture_that_cannot_be_used_is_answered_and_logged(
    picture: bytes, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    with converters() as made:
        made.submit(job(picture))
        (result,) = results(made, 1)
        assert isinstance(result.outcome, StillError)
        assert result.outcome.code == code
        (line,) = caplog.messages
        assert line.startswith("1 pictures not converted (1 in all): a picture of camera front ")
        made.submit(job(jpeg()))
        assert isinstance(results(made, 1)[0].outcome, Still)


def test_damaged_exif_does_not_end_a_conversion_without_a_result() -> None:
    with converters() as made:
        made.submit(job(damaged_exif()))
        results(made, 1)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MemoryError(), "busy"),
        (RecursionError(), "damaged"),
        (SyntaxError("not a TIFF file"), "damaged"),
        (TypeError(), "damaged"),
        (struct.error(), "damaged"),
        (ZeroDivisionError(), "damaged"),
        (IndexError(), "damaged"),
        (OSError(), "damaged"),
        (Image.DecompressionBombError(), "damaged"),
        (Image.DecompressionBombWarning(), "damaged"),
        (StillError("too-large", "why"), "too-large"),
    ],
)
@pytest.mark.parametrize("picture", [jpeg(), grey(LARGE_MEGAPIXELS + 1)], ids=["small", "large"])
def test_whatever_a_conversion_raises_its_job_gets_a_result(error: Exception, code: str, picture: bytes) -> None:
    def raising(still: Still, wanted: Conversion, max_megapixels: float) -> Still:
        raise error

    with converters(raising) as made:
        for _ in range(CONVERTERS + 2):  # a thread that had died would leave the later ones without
            made.submit(job(picture))
        found = results(made, CONVERTERS + 2)
    assert {result.outcome.code for result in found if isinstance(result.outcome, StillError)} == {code}
    assert all(result.cause for result in found)


def test_large_pictures_are_converted_one_at_a_time_and_small_ones_meanwhile() -> None:
    running, most = 0, 0
    gate, lock = threading.Event(), threading.Lock()

    def counting(still: Still, wanted: Conversion, max_megapixels: float) -> Still:
        nonlocal running, most
        if len(still.jpeg) < 10_000:
            return still
        with lock:
            running += 1
            most = max(most, running)
        assert gate.wait(30)
        with lock:
            running -= 1
        return still

    large, small = grey(LARGE_MEGAPIXELS + 1), jpeg()
    with converters(counting) as made:
        for seq in range(1, 5):
            made.submit(job(large, seq))
        made.submit(job(small, 5))
        (result,) = results(made, 1)
        assert result.job.still.jpeg == small
        gate.set()
        results(made, 4)
    assert most == 1
