"""The probe of a camera, in processes of its own where it may end the process."""

import os
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from capture.probe import Probe, Sample, repairs, report
from capture.source import Source, SourceError, SourceStuck
from framebus.config.camera import CameraConfig
from framebus.config.size import Size
from framebus.publishing.jpeg import Jpeg
from framebus.runtime.process import EXIT_FAILED, EXIT_OK
from tests.capture.fake_source import Lost, ScriptedSource
from tests.capture.jpegs import DHT, jpeg, without
from tests.conftest import Configure
from tests.processes import DEADLINE_SECONDS, python

PICTURE = jpeg((32, 24))
CUT_OFF = PICTURE[:-20]
SETTINGS = CameraConfig(size=Size(32, 24), fps=100)

Probed = Callable[..., str]


@pytest.fixture
def probed() -> Probed:
    """What the probe says of a source."""

    def run(source: Source, first_picture_seconds: float = DEADLINE_SECONDS) -> str:
        options = {"first_picture_seconds": first_picture_seconds, "sample_seconds": 0.2}
        return Probe("front", SETTINGS, lambda *_: source, **options).run()

    return run


def test_a_camera_that_works(probed: Probed) -> None:
    source = ScriptedSource(endless=PICTURE)
    said = probed(source)
    assert said.startswith("scripted: a picture of 32x24, 1 kB, after 0.")
    assert said.count(";") == 0
    assert source.calls == ["open", "close"]


def test_what_is_wrong_with_the_pictures_is_said_and_what_is_repaired(probed: Probed) -> None:
    bare = without(PICTURE, DHT)
    said = probed(ScriptedSource(CUT_OFF, bare, bare + bytes(7), Lost(3, PICTURE, damaged=2)))
    assert f"; 1 of 4 pictures were damaged (the last one: cut off after {len(CUT_OFF)} bytes: no end of image)" in said
    assert "; the camera marked 2 more as damaged" in said
    assert "; 3 frames were lost" in said
    assert "; missing Huffman tables are put in in 2 of 4 pictures" in said
    assert "; bytes behind the end are cut off in 1 of 4 pictures" in said


def test_a_camera_with_damaged_pictures_alone(probed: Probed) -> None:
    with pytest.raises(SourceError, match=r"^scripted: open, but each of its \d+ pictures was damaged; .*no end of im"):
        probed(ScriptedSource(endless=CUT_OFF), 0.2)


@pytest.mark.slow
def test_a_camera_that_gives_nothing_says_what_it_waits_for(probed: Probed) -> None:
    class Waiting(ScriptedSource):
        waiting_limit_seconds = 0.3

        @property
        def waiting(self) -> str:
            return "waiting for a key frame"

    with pytest.raises(SourceError, match=r"no picture within 0.1 s: waiting for a key frame$"):
        probed(Waiting(), 0.1)


@pytest.mark.parametrize("failure", [ssl.SSLError(1, "bad record mac"), ZeroDivisionError("a bug"), MemoryError()])
def test_an_unforeseen_failure_is_a_reason(probed: Probed, failure: Exception) -> None:
    source = ScriptedSource(failure)
    with pytest.raises(SourceError, match=f"scripted: reading it failed unexpectedly: {type(failure).__name__}"):
        probed(source)
    assert source.calls == ["open", "close"]


def test_repairs_are_named() -> None:
    assert repairs(PICTURE, Jpeg.parse(PICTURE)) == []
    sample = Sample()
    sample.add(b"garbage", 1.0)
    assert (sample.first, sample.damaged) == (None, 1)


def test_what_was_wrong_with_the_stream_is_told() -> None:
    source = ScriptedSource()
    source.repairs = {"Content-Length larger than the picture, ignored": 3}
    assert Sample().notes(source) == ["Content-Length larger than the picture, ignored (3 times)"]


class Stuck(ScriptedSource):
    """Says that it hangs, as picamera2 does, or hangs."""

    def __init__(self, how: str) -> None:
        super().__init__(endless=PICTURE)
        self._how = how

    def open(self) -> None:
        if self._how == "hangs":
            time.sleep(DEADLINE_SECONDS)

    def close(self) -> None:
        if self._how == "says so":
            raise SourceStuck("scripted: closing it has not ended within 5 s: the process exits and is restarted")


def main(how: str) -> int:
    limit = 1.0 if how == "hangs" else DEADLINE_SECONDS
    return report(Probe("front", SETTINGS, lambda *_: Stuck(how), limit_seconds=limit, sample_seconds=0.1))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("says so", "scripted: closing it has not ended within 5 s: the process exits and is restarted"),
        ("hangs", "scripted: opening it has not ended within 1 s"),
    ],
)
def test_a_camera_that_hangs_is_a_reason_and_no_traceback(how: str, reason: str) -> None:
    done = subprocess.run(
        [*python("tests.capture.test_probe"), how],
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )
    assert (done.returncode, done.stdout, done.stderr) == (EXIT_FAILED, f"{reason}\n", "")


@pytest.mark.slow
def test_the_command(configure: Configure) -> None:
    config = configure('[camera.front]\nsource = "testcard"\nsize = "160x120"\n')
    command = [sys.executable, "-m", "capture", "front", "--try", "--config", str(config.path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_SECONDS, cwd=Path.cwd())
    assert done.returncode == EXIT_OK, os.linesep.join((done.stdout, done.stderr))
    assert done.stdout.startswith("testcard: a picture of 160x120, ")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
