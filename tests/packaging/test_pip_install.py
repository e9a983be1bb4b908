"""The wheel in Debians with Python and pipx and nothing of framebus: all it needs comes with it, or from pip."""

import shutil
from pathlib import Path

import pytest

from framebus import __version__
from tests.packaging import built
from tests.packaging.conftest import MakeMachine
from tests.packaging.machine import Machine
from tests.packaging.recipes import PYTHONS, USER
from tests.packaging.used import use


@pytest.fixture(scope="module", params=PYTHONS)
def machine(request: pytest.FixtureRequest, make_machine: MakeMachine, shared: Path, dist: Path) -> Machine:
    """A Debian whose pip finds the wheel and what it needs in /mnt, and nothing else."""
    release = request.param
    wheels = shared / release
    wheels.mkdir()
    built.download(PYTHONS[release], wheels)
    shutil.copy(built.the_only(dist, "*.whl"), wheels)
    machine: Machine = make_machine(release)
    machine.path("/etc/pip.conf").write_text(f"[global]\nno-index = true\nfind-links = /mnt/{release}\n")
    return machine


def test_pipx_with_the_packages_of_the_system(machine: Machine) -> None:
    machine.do("pipx", "install", "--system-site-packages", "framebus", user=USER)
    use(machine, "framebus", USER, __version__)


def test_a_virtual_environment_in_a_folder_with_a_blank_and_letters_of_other_languages(machine: Machine) -> None:
    folder = f"/home/{USER}/Kamera für Ömer"
    machine.do("python3", "-m", "venv", folder, user=USER)
    machine.do(f"{folder}/bin/python", "-m", "pip", "install", "--quiet", "framebus", user=USER)
    use(machine, f"{folder}/bin/framebus", USER, __version__)
