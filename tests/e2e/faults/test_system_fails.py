"""What is below the pipeline changes: the wall clock is set, the disk is full."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from framebus.config.load import load
from framebus.runtime.run_dir import prepare
from tests.conftest import Start
from tests.e2e.conftest import STRICT, Pipeline, Up
from tests.e2e.faults.conftest import WHOLE_SECONDS, Watched
from tests.e2e.faults.consumers import wait_for_pictures
from tests.processes import Running, python
from tests.programs import need

CLOCK = Path(__file__).parents[2] / "clockshim.c"
HOUR_SECONDS = 3600


@pytest.fixture
def clock_library(tmp_path: Path) -> Path:
    """A wall clock that can be set, for LD_PRELOAD."""
    library = tmp_path / "clockshim.so"
    command = [need("gcc"), "-shared", "-fPIC", "-O2", "-Wall", "-o", str(library), str(CLOCK), "-ldl"]
    subprocess.run(command, check=True, timeout=60)
    return library


@pytest.mark.parametrize(("way", "seconds"), [("forward", HOUR_SECONDS), ("back", -HOUR_SECONDS)])
def test_the_wall_clock_is_set(
    way: str, seconds: int, up: Up, watch: Watched, clock_library: Path, tmp_path: Path
) -> None:
    """Pictures go on, and their `captured` is what the clock says."""
    offset = tmp_path / "offset"
    pipeline = up(environment={"LD_PRELOAD": str(clock_library), "CLOCKSHIM_FILE": str(offset)})
    faults = watch(pipeline)
    with faults.during(f"the wall clock set {way} by an hour", keeps="mjpeg page zeromq"):
        for consumer in faults.consumers:
            consumer.clock_ahead_seconds = seconds
        offset.write_text(str(seconds))
        time.sleep(2)
    (camera,) = pipeline.cameras()
    assert abs(camera["captured"] - time.time() - seconds) < 60
    assert 0 <= camera["age"] < 5


@pytest.fixture
def small_disk(run_dir: Path) -> Iterator[Path]:
    """A file system of 512 KB."""
    folder = run_dir / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k,mode=700", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_the_disk_is_full(
    small_disk: Path, free_port: int, start: Start, watch: Watched, request: pytest.FixtureRequest
) -> None:
    """Its log, sockets, locks and kept controls lie there, and capture has to start anew on it."""
    file = small_disk / "framebus.toml"
    tables = '[camera.front]\nsource = "testcard"\nsize = "320x240"\n'
    file.write_text(
        f'run_dir = "{small_disk}"\nstate_dir = "{small_disk}"\n{tables}[gateway]\nlisten = "127.0.0.1:{free_port}"\n'
    )
    config = load(file)
    prepare(config)
    command = python("framebus", "up", "--config", str(file))
    up = Running(*command, log=small_disk / "log", environment=STRICT)
    request.addfinalizer(up.close)
    pipeline = Pipeline(config, up)
    pipeline.wait_until_whole()
    faults = watch(pipeline)
    ballast = small_disk / "ballast"
    with faults.during("the disk full for 5 s, and capture killed meanwhile", keeps="mjpeg page zeromq"):
        with suppress(OSError), ballast.open("wb", buffering=0) as full:
            while full.write(bytes(4096)):
                pass
        assert start("framebus", "controls", "front", "brightness=0.2", config=config).ended() == 0
        assert list(small_disk.glob("*.controls.json")) == []
        pipeline.kill("capture front")
        wait_for_pictures(faults.consumers, time.time(), WHOLE_SECONDS + 5)
        ballast.unlink()
    assert start("framebus", "controls", "front", "brightness=0.3", config=config).ended() == 0
    assert [kept.name for kept in small_disk.glob("*.controls.json")] == ["front.controls.json"]
