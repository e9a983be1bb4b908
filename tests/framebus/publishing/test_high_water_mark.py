"""Frames wait for a process that stands still for a moment, but not without end."""

import signal
import sys
from pathlib import Path

import pytest

from framebus import Publisher
from framebus.config.size import Size
from framebus.publishing.high_water_mark import FEWEST, high_water_mark
from tests.capture.jpegs import after_soi, jpeg, segment
from tests.conftest import Configure
from tests.processes import DEADLINE_SECONDS, Running, wait_until

READER = """
import sys
from framebus import Subscriber
with Subscriber("marked", config=sys.argv[1], queue=100, timeout=30) as subscriber:
    for frame in subscriber:
        print(frame.seq, subscriber.missed, flush=True)
"""


@pytest.mark.parametrize(
    ("size", "fps", "expected"),
    [
        pytest.param(Size(640, 480), 30, 30, id="half a second, twice"),
        pytest.param(Size(640, 480), 5, 5, id="of a slow camera"),
        pytest.param(Size(1920, 1080), 60, 12, id="5 MB"),
        pytest.param(Size(8192, 8192), 30, FEWEST, id="frames of 13 MB"),
        pytest.param(Size(640, 480), 0.1, FEWEST, id="a frame in ten seconds"),
        pytest.param(Size(16, 16), 240, 240, id="many small ones"),
    ],
)
def test_the_number(size: Size, fps: float, expected: int) -> None:
    assert high_water_mark(size, fps) == expected


@pytest.mark.slow
def test_a_reader_with_a_queue_misses_nothing_while_its_process_stands_still(
    configure: Configure, tmp_path: Path
) -> None:
    config = configure('[camera.marked]\nsource = "program"\n')
    large = after_soi(jpeg(), *(segment(0xFE, bytes(60_000)) for _ in range(8)))
    reader = Running(sys.executable, "-c", READER, str(config.path), log=tmp_path / "reader.log")
    try:
        with Publisher("marked", config=config.path) as marked:
            assert marked.wait_watched(DEADLINE_SECONDS)
            wait_until(lambda: marked.publish(large) and reader.log, "the reader gets frames")
            for _ in range(3):
                reader.process.send_signal(signal.SIGSTOP)
                last = [marked.publish(large) for _ in range(12)][-1]
                reader.process.send_signal(signal.SIGCONT)
                reader.wait_for(f"\n{last} ")
        assert {line.split()[1] for line in reader.log.splitlines()} == {"0"}
    finally:
        reader.process.send_signal(signal.SIGCONT)
        reader.close()
