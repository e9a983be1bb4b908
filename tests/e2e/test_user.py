"""framebus started by root, with `user`: as whom each process runs, and what it can do then."""

import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from framebus.config.load import Config, load
from tests.conftest import TESTCARD
from tests.e2e.conftest import STRICT, Pipeline
from tests.installed import NOBODY, Installed
from tests.processes import Running

pytestmark = pytest.mark.root

Write = Callable[..., Config]
Run = Callable[..., Running]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody can read, and root alone can write to."""
    folder = Path(tempfile.mkdtemp(prefix="framebus-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def installed() -> Iterator[Installed]:
    """framebus where everybody can run it."""
    folder = Path(tempfile.mkdtemp(prefix="framebus-installed-"))
    folder.chmod(0o755)
    yield Installed(folder)
    shutil.rmtree(folder)


@pytest.fixture
def write(place: Path, free_port: int) -> Write:
    """Write a framebus.toml that everybody can read; returns it as root reads it."""

    def write(user: str = "nobody", tables: str = TESTCARD) -> Config:
        file = place / "framebus.toml"
        top = f'user = "{user}"\nrun_dir = "run"\nstate_dir = "state/of/it"\n'
        file.write_text(f'{top}{tables}\n[gateway]\nlisten = "127.0.0.1:{free_port}"\n')
        file.chmod(0o644)
        return load(file)

    return write


@pytest.fixture
def run(installed: Installed, tmp_path: Path) -> Iterator[Run]:
    """Start a module of the installed framebus, as root does at boot."""
    started: list[Running] = []

    def start(*arguments: str, config: Config) -> Running:
        command = installed.command(*arguments, "--config", str(config.path))
        environment = {**STRICT, **installed.environment, "HOME": "/root", "XDG_RUNTIME_DIR": "/run/user/0"}
        started.append(Running(*command, log=tmp_path / f"{len(started)}.log", environment=environment))
        return started[-1]

    yield start
    for running in started:
        running.close()


def status(pid: int) -> dict[str, str]:
    """What the kernel says of a process (proc(5), /proc/PID/status)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def test_every_process_runs_as_that_user_and_can_do_no_more_than_he(run: Run, write: Write) -> None:
    config = write()
    pipeline = Pipeline(config, run("framebus", "up", config=config))
    pipeline.wait_until_whole()

    processes = pipeline.processes()
    assert len(processes) == 4
    for name, pid in processes.items():
        found = status(pid)
        assert found["Uid"].split() == [str(NOBODY)] * 4, name
        assert found["Gid"].split() == [str(NOBODY)] * 4, name
        assert set(found["Groups"].split()) <= {str(NOBODY)}, name
        assert int(found["CapEff"], 16) == int(found["CapPrm"], 16) == 0, name
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        assert {b"USER=nobody", b"LOGNAME=nobody"} <= set(environment), name
        assert not {b"HOME=/root", b"XDG_RUNTIME_DIR=/run/user/0"} & set(environment), name
    assert pipeline.up.terminate() == 0
    assert "runs as root" not in pipeline.up.log
    assert "Traceback" not in pipeline.up.log


def test_its_folders_are_his(run: Run, write: Write) -> None:
    config = write()
    Pipeline(config, run("framebus", "up", config=config)).wait_until_whole()

    for folder in (config.run_dir, config.state_dir):
        assert folder.owner() == "nobody"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {file.owner() for file in config.run_dir.iterdir()} == {"nobody"}
    assert config.state_dir.parent.owner() == "root"


@pytest.mark.parametrize("program", [("capture", "front"), ("gateway",), ("snapshot",)])
def test_a_process_that_root_starts_by_itself_becomes_him_too(run: Run, write: Write, program: tuple[str, ...]) -> None:
    running = run(*program, config=write())
    running.wait_for(" INFO ")

    assert status(running.pid)["Uid"].split() == [str(NOBODY)] * 4
    assert running.terminate() == 0
