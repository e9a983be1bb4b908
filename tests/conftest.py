"""Fixtures for all tests: a configuration of their own, and processes that do not outlive them."""

import importlib.util
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest

from framebus.config.load import Config, load
from framebus.runtime.run_dir import prepare
from tests.capture.v4l2 import shim
from tests.measured_lines import pytest_sessionfinish
from tests.parameters import pytest_make_parametrize_id
from tests.ports import free_ports
from tests.processes import Running, python
from tests.selection import pytest_collection_modifyitems
from tests.skips import pytest_make_collect_report, pytest_runtest_makereport

for ignored in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(ignored) is signal.SIG_IGN:  # of a job in the background, or under nohup; processes inherit it
        signal.signal(ignored, signal.default_int_handler if ignored is signal.SIGINT else signal.SIG_DFL)

if importlib.util.find_spec("hypothesis"):  # it is not in the chroot of the libcamera tests
    from hypothesis import settings

    settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
    settings.register_profile("fast", deadline=None, max_examples=20)  # for `make test-fast`
    settings.load_profile("untimed")

__all__ = [
    "pytest_collection_modifyitems",
    "pytest_make_collect_report",
    "pytest_make_parametrize_id",
    "pytest_runtest_makereport",
    "pytest_sessionfinish",
]

Configure = Callable[..., Config]
Start = Callable[..., Running]

TESTCARD = '[camera.front]\nsource = "testcard"\nsize = "320x240"\n'


@pytest.fixture(scope="session")
def shim_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A webcam made of software, for LD_PRELOAD."""
    return shim.build(tmp_path_factory.mktemp("shim"))


@pytest.fixture(autouse=True)
def state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test leaves state behind on this machine, or finds that of another."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def run_dir() -> Iterator[Path]:
    """A folder for sockets, its path short enough for them."""
    folder = Path(tempfile.mkdtemp(prefix="framebus-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on, of those that this process alone uses."""
    return free_ports(1)[0]


def write_config(folder: Path, port: int, tables: str = TESTCARD, gateway: str = "", snapshot: str = "") -> Config:
    """A framebus.toml in this folder, which is its run_dir, loaded: by default a small test card behind this port."""
    file = folder / "framebus.toml"
    more = f"[snapshot]\n{snapshot}\n" if snapshot else ""
    served = f'[gateway]\nlisten = "127.0.0.1:{port}"\n{gateway}\n'
    file.write_text(f'run_dir = "{folder}"\n{tables}\n{served}{more}')
    config = load(file)
    prepare(config)
    return config


@pytest.fixture
def configure(run_dir: Path, free_port: int) -> Configure:
    """Write a framebus.toml with a run_dir of its own, and load it: `configure(tables, gateway=…, snapshot=…)`."""
    return partial(write_config, run_dir, free_port)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a module of framebus as a real process: `start("capture", "front", config=config)`."""
    started: list[Running] = []

    def run(*arguments: str, config: Config | None = None, environment: Mapping[str, str] | None = None) -> Running:
        options = ("--config", str(config.path)) if config else ()
        log = tmp_path / f"{len(started)}-{arguments[0].replace('/', '-')}.log"
        running = Running(*python(*arguments, *options), log=log, environment=environment)
        started.append(running)
        return running

    yield run
    for running in reversed(started):
        running.close()
