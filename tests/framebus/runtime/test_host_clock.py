"""The age of a frame in a time namespace, as containers may have one."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from framebus import Frame, Subscriber, request_snapshot
from framebus.config.load import Config
from framebus.runtime.host_clock import (
    OFFSET_SECONDS,
    from_host,
    host_boottime,
    host_monotonic,
    read_offset,
    to_host,
)
from framebus.runtime.run_dir import frames_endpoint
from tests.capture.jpegs import jpeg
from tests.capture.v4l2.shim import DEVICE
from tests.conftest import Configure, Start
from tests.processes import DEADLINE_SECONDS, Running, python, wait_until

StartInside = Callable[..., None]

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
AHEAD_SECONDS = 100_000
NAMESPACE = (
    "unshare", "--time", "--monotonic", str(AHEAD_SECONDS), "--boottime", "70000", "--fork", "--kill-child"
)  # fmt: skip
CAMERAS = '[camera.front]\nsource = "testcard"\nsize = "160x120"\n[camera.marked]\nsource = "program"\n'


def test_outside_of_namespaces_it_is_the_clock_of_the_machine() -> None:
    assert OFFSET_SECONDS == 0
    assert abs(host_monotonic() - time.monotonic()) < DEADLINE_SECONDS
    assert abs(host_boottime() - time.clock_gettime(time.CLOCK_BOOTTIME)) < DEADLINE_SECONDS
    assert to_host(5.0) == from_host(5.0) == 5.0


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
    assert read_offset("monotonic", file) == offset
    assert read_offset("monotonic", tmp_path / "none") == 0
    assert read_offset("boottime", file) == (100000 if offset == 100000.5 else 0)


@pytest.fixture
def started_inside(tmp_path: Path) -> Iterator[StartInside]:
    """Start a module of framebus as `start` does, in a time namespace."""
    started: list[Running] = []

    def run(*arguments: str, config: Config, environment: Mapping[str, str] | None = None) -> None:
        command = (*NAMESPACE, *python(*arguments, "--config", str(config.path)))
        log = tmp_path / f"inside-{arguments[0]}.log"
        started.append(Running("env", *(f"{k}={v}" for k, v in (environment or {}).items()), *command, log=log))

    yield run
    for running in reversed(started):
        running.close()


def check_times(config: Config) -> Frame:
    """A frame of the camera, whose times are those of the machine."""
    with Subscriber("front", config=config.path, timeout=2 * DEADLINE_SECONDS) as subscriber:
        frame = subscriber.receive()
    now, wall = time.monotonic(), time.time()
    assert now - DEADLINE_SECONDS < frame.monotonic <= frame.published <= now
    assert wall - DEADLINE_SECONDS < frame.captured <= wall
    return frame


def answered(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=DEADLINE_SECONDS) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.mark.root
@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a time namespace")
class TestInATimeNamespace:
    def test_ages_are_true_for_a_program(self, configure: Configure, start: Start) -> None:
        config = configure(CAMERAS)
        start("capture", "front", config=config).wait_for(frames_endpoint(config.run_dir, "front"))
        ran = subprocess.run(
            [*NAMESPACE, sys.executable, "-c", READ, str(config.path)],
            capture_output=True,
            text=True,
            timeout=3 * DEADLINE_SECONDS,
        )
        assert ran.returncode == 0, ran.stderr
        ages = [float(age) for age in ran.stdout.split()]
        assert len(ages) == 2
        assert all(0 <= age < DEADLINE_SECONDS for age in ages)

    def test_times_are_true_from_capture(self, configure: Configure, started_inside: StartInside) -> None:
        config = configure(CAMERAS)
        started_inside("capture", "front", config=config)
        check_times(config)

    def test_the_drivers_time_of_a_frame_is_that_of_the_machine(
        self, configure: Configure, started_inside: StartInside, shim_library: Path, tmp_path: Path
    ) -> None:
        """A driver does not know of namespaces. The shim is within one, so its times are set back."""
        pictures = tmp_path / "pictures"
        pictures.mkdir()
        (pictures / "1.jpg").write_bytes(jpeg())
        config = configure(f'[camera.front]\nsource = "v4l2:{DEVICE}"\nfps = 30\n')
        late = 0.5
        environment = {"LD_PRELOAD": str(shim_library), "V4L2SHIM_DEV": DEVICE, "V4L2SHIM_DIR": str(pictures)}
        environment |= {"V4L2SHIM_LATENCY": str(AHEAD_SECONDS + late), "V4L2SHIM_FPS": "30"}
        started_inside("capture", "front", config=config, environment=environment)
        assert check_times(config).age > late - 0.1

    def test_stills_and_states_are_true_from_the_services(
        self, configure: Configure, start: Start, started_inside: StartInside
    ) -> None:
        config = configure(CAMERAS)
        start("capture", "front", config=config)
        for service in ("snapshot", "gateway"):
            started_inside(service, config=config)
        url = f"http://{config.gateway.listen}"
        wait_until(lambda: answered(f"{url}/camera/front/snapshot.jpg?fresh=1"), "a still of the camera")
        assert check_times(config).camera == "front"
        assert request_snapshot("front", max_age=5, config=config.path).age < DEADLINE_SECONDS
        camera = json.loads(urllib.request.urlopen(f"{url}/api/cameras").read())["cameras"][0]
        assert camera["state"] in ("live", "idle")
        assert -1 < camera["age"] < DEADLINE_SECONDS
