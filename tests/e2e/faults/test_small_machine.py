"""A machine with little in it, or that has just booted: a fifth of a processor, a root that is read-only, no clock, no
network, other letters in its paths. And its log, which is written to a card for years.
"""

import math
import os
import re
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from capture.repeat_log import FIRST_INTERVAL_SECONDS, LONGEST_INTERVAL_SECONDS
from framebus.client.subscriber import Subscriber
from framebus.config.load import load
from framebus.runtime.rate_limited_log import INTERVAL_SECONDS
from framebus.runtime.run_dir import prepare
from tests.conftest import TESTCARD
from tests.e2e.conftest import STRICT, Pipeline
from tests.e2e.faults.cgroups import limited
from tests.e2e.faults.conftest import Watched
from tests.e2e.faults.consumers import MjpegConsumer, wait_for_pictures
from tests.e2e.faults.test_system_fails import clock_library
from tests.processes import Running, python, wait_until
from tests.programs import need

__all__ = ["clock_library"]

SLOW_SECONDS = 60.0
"""For what a fifth of a processor takes longer to start."""
VERY_SLOW_SECONDS = 180.0
"""For what a twentieth takes longer; on a quiet machine it starts in 25 s."""
DAY_SECONDS = 86400
DAY_LOG_BYTES = 100_000
"""What a quiet day may log, and one on which a camera is away."""

Launch = Callable[..., Pipeline]


@pytest.fixture
def launch(run_dir: Path, free_port: int, tmp_path: Path) -> Iterator[Launch]:
    """Run `framebus up` behind another command, and wait until all is well: `launch(["unshare", …])`."""
    started: list[Running] = []

    def run(
        before: list[str],
        *,
        tables: str = TESTCARD,
        listen: str = "",
        folder: Path = run_dir,
        environment: Mapping[str, str] | None = None,
        whole: bool = True,
        seconds: float = SLOW_SECONDS,
    ) -> Pipeline:
        file = folder / "framebus.toml"
        file.write_text(
            f'run_dir = "{run_dir}"\nstate_dir = "{folder}/state"\n{tables}'
            f'[gateway]\nlisten = "{listen or f"127.0.0.1:{free_port}"}"\n'
        )
        config = load(file)
        prepare(config)
        command = [*before, *python("framebus", "up", "--config", str(file))]
        up = Running(*command, log=tmp_path / "up.log", environment={**STRICT, **(environment or {})})
        started.append(up)
        pipeline = Pipeline(config, up)
        if whole:
            wait_until(pipeline.is_whole, f"a whole pipeline; its log:\n{up.log}", seconds)
        return pipeline

    yield run
    for up in started:
        up.close()


def ended(pipeline: Pipeline) -> None:
    """Ask it to end; it does, in peace, and nothing that nobody foresaw happened before."""
    assert pipeline.up.terminate() == 0
    assert pipeline.is_gone()
    assert "Traceback" not in pipeline.up.log, pipeline.up.log


@pytest.mark.root
@pytest.mark.timeout(180)
def test_a_fifth_of_a_processor_and_256_mb(launch: Launch, watch: Watched) -> None:
    """It starts; nothing that is merely slow is taken for dead; whoever watches stays."""
    with limited(processor=0.2, memory_mb=256) as before:
        began = time.monotonic()
        pipeline = launch(before, tables='[camera.front]\nsource = "testcard"\nsize = "640x480"\nfps = 30\n')
        print(f"whole after {time.monotonic() - began:.1f} s")
        processes = pipeline.processes()
        faults = watch(pipeline)
        wait_for_pictures(faults.consumers, time.time(), SLOW_SECONDS)
        before_that = [consumer.connections for consumer in faults.consumers]
        pictures = [consumer.pictures for consumer in faults.consumers]
        time.sleep(20)
        wait_for_pictures(faults.consumers, time.time(), SLOW_SECONDS)
        rates = [(consumer.pictures - so_far) / 20 for consumer, so_far in zip(faults.consumers, pictures, strict=True)]
        print("pictures a second:", rates)
        assert pipeline.processes() == processes
        assert [consumer.connections for consumer in faults.consumers] == before_that
        faults.check()
        log = re.sub(r".* 503 for GET /snapshot\n", "", pipeline.up.log)  # asked while it started
        assert not re.search(r"WARN|ERROR|crash", log), pipeline.up.log
        assert pipeline.up.terminate() == 0


@pytest.mark.root
@pytest.mark.slow
@pytest.mark.timeout(500)
def test_a_twentieth_of_a_processor(launch: Launch) -> None:
    """No time-out takes one of them for dead: not at the start, nor while somebody watches. It ends in order, too."""
    with limited(processor=0.05, memory_mb=256) as before:
        tables = '[camera.front]\nsource = "testcard"\nsize = "640x480"\nfps = 30\n'
        pipeline = launch(before, tables=tables, seconds=VERY_SLOW_SECONDS)
        processes = pipeline.processes()
        with closing(MjpegConsumer(pipeline.config)) as viewer:
            wait_for_pictures([viewer], time.time(), VERY_SLOW_SECONDS)
            time.sleep(15)  # longer than any time-out of theirs
            wait_for_pictures([viewer], time.time(), VERY_SLOW_SECONDS)
            print(f"{viewer.pictures} pictures")
            assert viewer.mistakes == []
        assert pipeline.processes() == processes
        # With other load, a status may come later than after three seconds, which is a warning and no more.
        assert not re.search(r"ERROR|Traceback|crash", pipeline.up.log), pipeline.up.log
        pipeline.up.process.terminate()
        assert pipeline.up.ended(VERY_SLOW_SECONDS) == 0
        print(pipeline.up.log)  # with other load, supervisord may kill one that takes more than 3 s to end


@pytest.mark.root
def test_a_root_that_is_read_only_and_a_tmp_in_memory(launch: Launch, run_dir: Path, tmp_path: Path) -> None:
    """The controls of a camera cannot be kept then; all else works."""
    script = 'mount -t tmpfs -o mode=700 tmpfs "$1" && mount -o bind,remount,ro / && shift && exec "$@"'
    pipeline = launch(["unshare", "--mount", "sh", "-c", script, "sh", str(run_dir)], folder=tmp_path)
    control = python("framebus", "controls", "front", "brightness=0.2", "--config", str(pipeline.config.path))
    done = subprocess.run(
        ["nsenter", f"--target={pipeline.up.pid}", "--mount", *control], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "state").exists()
    pipeline.up.wait_for("Read-only file system")
    ended(pipeline)
    assert pipeline.up.log.count("Read-only file system") == 1, pipeline.up.log


def test_a_machine_that_has_no_clock_at_boot_and_is_told_the_time_later(
    launch: Launch, watch: Watched, clock_library: Path, tmp_path: Path
) -> None:
    """A Pi without a network believes that it is 1970; half a century passes when the network comes."""
    offset = tmp_path / "offset"
    seconds = -int(time.time()) + 60
    offset.write_text(str(seconds))
    pipeline = launch([], environment={"LD_PRELOAD": str(clock_library), "CLOCKSHIM_FILE": str(offset)})
    (camera,) = pipeline.cameras()
    assert 0 < camera["captured"] < 1000
    faults = watch(pipeline)
    with faults.during("the clock set from 1970 to now", keeps="mjpeg page zeromq"):
        offset.write_text("0")
    wait_until(lambda: abs(pipeline.cameras()[0]["captured"] - time.time()) < 60, "the time of today in the status")
    assert 0 <= pipeline.cameras()[0]["age"] < 5
    ended(pipeline)


@pytest.mark.root
def test_a_network_that_comes_after_framebus(launch: Launch, free_port: int, tmp_path: Path) -> None:
    """The address that it shall listen on is not there yet, nor the name of the camera, nor anything but loopback."""
    tables = f'{TESTCARD}[camera.away]\nsource = "http://camera.invalid/stream"\n'
    listen = f"192.0.2.1:{free_port}"  # TEST-NET-1 (RFC 5737)
    ip = need("ip")
    namespace = ["unshare", "--net", "sh", "-c", f'{ip} link set lo up && exec "$@"', "sh"]
    open_to_all = "allow_anonymous = true\n"
    pipeline = launch(namespace, tables=tables, listen=f'{listen}"\n{open_to_all}#"', whole=False)
    pipeline.up.wait_for("capture-front: camera front publishes")
    with Subscriber("front", config=pipeline.config.path, timeout=10) as subscriber:
        assert subscriber.receive().jpeg.startswith(b"\xff\xd8")
    inside = ["nsenter", f"--target={pipeline.up.pid}", "--net"]
    subprocess.run([*inside, ip, "address", "add", "192.0.2.1/24", "dev", "lo"], check=True)
    script = f"import urllib.request; print(urllib.request.urlopen('http://{listen}/snapshot').read(2))"

    def serves() -> bool:
        done = subprocess.run([*inside, "python3", "-c", script], capture_output=True, text=True, check=False)
        return done.stdout == "b'\\xff\\xd8'\n"

    wait_until(serves, f"a picture; its log:\n{pipeline.up.log}", SLOW_SECONDS)
    ended(pipeline)


@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8"])
def test_blanks_and_letters_of_other_languages_a_strict_umask_and_no_locale(
    launch: Launch, tmp_path: Path, locale: str
) -> None:
    folder = tmp_path / "Kamera für Ömer, カメラ"
    folder.mkdir()
    environment = {name: "" for name in os.environ if name.startswith("LC_")}
    environment |= {"LC_ALL": locale, "LANG": "", "LANGUAGE": "", "HOME": str(folder)}
    pipeline = launch(["sh", "-c", 'umask 077; cd "$HOME"; exec "$@"', "sh"], folder=folder, environment=environment)
    command = python("framebus", "controls", "front", "brightness=0.2", "--config", str(pipeline.config.path))
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "state" / "front.controls.json").stat().st_mode & 0o077 == 0
    ended(pipeline)


def has_still(pipeline: Pipeline) -> bool:
    """Whether there are stills of the first camera."""
    try:
        return bool(pipeline.get("/snapshot"))
    except OSError:
        return False


def poll(pipeline: Pipeline, seconds: float) -> None:
    """As a print server does: a stream, and a still and the state once a second."""
    with closing(MjpegConsumer(pipeline.config)) as viewer:
        for _ in range(int(seconds)):
            for path in ("/snapshot", "/api/cameras", "/metrics", "/"):
                with urllib.request.urlopen(f"{pipeline.url}{path}", timeout=5) as answer:
                    answer.read()
            time.sleep(1)
        assert viewer.pictures > 0
        assert viewer.connections == 1


def test_a_quiet_day_logs_nothing(launch: Launch) -> None:
    """While somebody watches and programs ask for stills: what twenty seconds do not log, a day does not either."""
    pipeline = launch([])
    pipeline.up.wait_for("open http")
    with closing(MjpegConsumer(pipeline.config)):
        pipeline.up.wait_for("camera front is watched")
        poll(pipeline, 3 * INTERVAL_SECONDS)  # what was refused while it started is logged up to a second later
        before = pipeline.up.log
        assert len(before) < 5000
        poll(pipeline, 20)
        assert pipeline.up.log == before
    ended(pipeline)


@pytest.mark.timeout(120)
def test_a_camera_that_is_away_for_a_day_logs_little(launch: Launch) -> None:
    """Each kind of line comes at intervals that double up to an hour: what forty seconds log bounds what a day does."""
    tables = f'{TESTCARD}[camera.back]\nsource = "v4l2:/dev/video-none"\nsize = "320x240"\n'
    pipeline = launch([], tables=tables, whole=False)
    pipeline.up.wait_for("open http")
    wait_until(lambda: has_still(pipeline), "a still")  # the service of stills may come later
    poll(pipeline, 40)
    lines = pipeline.up.log.splitlines()
    kinds = {re.sub(r"[\d.]+", "#", line) for line in lines}
    assert len(kinds) < 30, pipeline.up.log
    assert len(lines) < 2 * len(kinds), pipeline.up.log
    doublings = math.ceil(math.log2(LONGEST_INTERVAL_SECONDS / FIRST_INTERVAL_SECONDS)) + 1
    lines_a_day = doublings + DAY_SECONDS / LONGEST_INTERVAL_SECONDS
    away = [line for line in lines if "capture-back" in line]
    assert away
    bytes_a_day = len(pipeline.up.log.encode()) + lines_a_day * sum(len(line) + 30 for line in set(away))
    print(f"{len(lines)} lines in 40 s; at most {bytes_a_day / 1000:.0f} kB a day")
    assert bytes_a_day < DAY_LOG_BYTES
    ended(pipeline)
