"""The tests of this folder run only as `make test-packages`; `make test` neither collects nor skips them."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.debian.chroot import cache_folder, chroot, lock
from tests.packaging import built
from tests.packaging.machine import Machine
from tests.packaging.recipes import RECIPES

collect_ignore_glob = [] if "FRAMEBUS_PACKAGES" in os.environ else ["test_*.py"]

MakeMachine = Callable[[str], Machine]


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

        def make(name: str) -> Machine:
            cache = cache_folder(os.environ, f"packages-{name}")
            with lock(cache):
                root = chroot(cache, RECIPES[name])
            return made.enter_context(Machine(root, shared, tmp_path_factory.mktemp("machine") / "log"))

        yield make
