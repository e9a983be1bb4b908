"""The tests of this folder run only as `make test-packages`; `make test` neither collects nor skips them."""

import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from framebus import __version__
from tests.debian.chroot import ROOT, cache_folder, chroot, lock
from tests.packaging import built
from tests.packaging.booted import Booted
from tests.packaging.deb import build_deb
from tests.packaging.machine import Machine
from tests.packaging.recipes import RECIPES

collect_ignore_glob = [] if "FRAMEBUS_PACKAGES" in os.environ else ["test_*.py"]

MakeMachine = Callable[[str], Machine]
OLDER = "0.0.9"
"""The version of a package to upgrade from."""


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel and the sdist of this working copy."""
    folder = tmp_path_factory.mktemp("dist")
    built.wheel_and_sdist(folder)
    return folder


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that is /mnt in every machine; everybody may read it."""
    folder = tmp_path_factory.mktemp("shared")
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def make_machine(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeMachine]:
    """Make a machine of a recipe, by its name; it is gone at the end of the module."""
    with ExitStack() as made:
        yield lambda name: made.enter_context(
            Machine(root_of(name), shared, tmp_path_factory.mktemp("machine") / "log")
        )


@pytest.fixture
def booted(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    """A Debian 13 whose systemd runs."""
    with Booted(root_of("booted"), shared, tmp_path_factory.mktemp("booted") / "log") as machine:
        yield machine


def root_of(name: str) -> Path:
    """The chroot of a recipe."""
    cache = cache_folder(os.environ, f"packages-{name}")
    with lock(cache):
        return chroot(cache, RECIPES[name])


@pytest.fixture(scope="session")
def builder(shared: Path, dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A Debian 13 with the tools that build packages."""
    built.carried(shared)
    shutil.copy(built.the_only(dist, "*.tar.gz"), shared)
    shutil.copy(ROOT / "deploy" / "debian" / "build.sh", shared)
    with Machine(root_of("builder"), shared, tmp_path_factory.mktemp("machine") / "log") as machine:
        yield machine


@pytest.fixture(scope="session")
def deb(builder: Machine, shared: Path) -> Path:
    """The package of this working copy."""
    return build_deb(builder, shared, "ours")


@pytest.fixture(scope="session")
def older(builder: Machine, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the same, but of an older version."""
    folder = tmp_path_factory.mktemp("older")
    with tarfile.open(built.the_only(shared, "*.tar.gz")) as content:
        content.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    information = source / "PKG-INFO"
    information.write_text(information.read_text().replace(f"\nVersion: {__version__}\n", f"\nVersion: {OLDER}\n"))
    sdist = shared / "older.tgz"
    with tarfile.open(sdist, "w:gz") as content:
        content.add(source, source.name)
    return build_deb(builder, shared, "older", sdist)
