"""The age of a frame in a time namespace, as containers may have one."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from framebus.runtime.host_clock import OFFSET_SECONDS, host_monotonic, read_offset
from framebus.runtime.run_dir import frames_endpoint
from tests.conftest import Configure, Start
from tests.processes import DEADLINE_SECONDS

READ = """
import sys
from framebus import Publisher, Subscriber
with Subscriber("front", config=sys.argv[1], timeout=10) as front, Publisher("marked", config=sys.argv[1]) as marked:
    with Subscriber("marked", config=sys.argv[1], timeout=10) as viewer:
        frame = front.receive()
        marked.wait_watched(10)
        marked.publish(frame.jpeg)
        print(frame.age, viewer.receive().age)
"""
CAMERAS = '[camera.front]\nsource = "testcard"\nsize = "160x120"\n[camera.marked]\nsource = "program"\n'


def test_outside_of_namespaces_it_is_the_clock_of_the_machine() -> None:
    assert OFFSET_SECONDS == 0
    assert abs(host_monotonic() - time.monotonic()) < DEADLINE_SECONDS


@pytest.mark.parametrize(
    ("content", "offset"),
    [
        ("monotonic           0         0\nboottime            0         0\n", 0.0),
        ("monotonic      100000 500000000\nboottime       100000         0\n", 100000.5),
        ("monotonic       -1000         0\n", -1000.0),
        ("", 0.0),
        ("nonsense\n", 0.0),
    ],
)
def test_the_offset_is_what_the_kernel_says(content: str, offset: float, tmp_path: Path) -> None:
    file = tmp_path / "timens_offsets"
    file.write_text(content)
    assert read_offset(file) == offset
    assert read_offset(tmp_path / "none") == 0


@pytest.mark.root
@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a time namespace")
def test_ages_are_true_in_a_time_namespace(configure: Configure, start: Start) -> None:
    config = configure(CAMERAS)
    start("capture", "front", config=config).wait_for(frames_endpoint(config.run_dir, "front"))
    ran = subprocess.run(
        ["unshare", "--time", "--monotonic", "100000", "--fork", sys.executable, "-c", READ, str(config.path)],
        capture_output=True,
        text=True,
        timeout=3 * DEADLINE_SECONDS,
    )
    assert ran.returncode == 0, ran.stderr
    ages = [float(age) for age in ran.stdout.split()]
    assert len(ages) == 2
    assert all(0 <= age < DEADLINE_SECONDS for age in ages)
