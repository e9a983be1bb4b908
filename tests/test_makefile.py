"""`make run` after a `git pull`: the virtual environment follows pyproject.toml and the system's Python."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.programs import need

ROOT = Path(__file__).parent.parent
PYTHON = """\
#!/bin/sh
# Stands for Python and pip: notes what it is asked to install, and takes no network.
log={folder}/asked
case "$*" in
    *"-m venv "*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    *"import sys, pip"*) [ ! -e {folder}/replaced ] || [ ! -e "$(dirname "$0")/../.ok" ] ;;
    *"-m pip install"*) echo "$*" >> "$log"; [ ! -e {folder}/no-network ] ;;
    *"-m framebus up"*) echo "framebus starts" ;;
esac
"""
INSTALLS = "Installing framebus and what it needs into .venv\n"
STARTS = "framebus starts\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    python = tmp_path / "python"
    python.write_text(PYTHON.format(folder=tmp_path))
    python.chmod(0o755)
    return tmp_path


def make_run(clone: Path) -> str:
    """What `make run` prints."""
    command = [need("make"), "-C", str(clone), "--no-print-directory", "run", f"PYTHON={clone}/python"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def make_newer(file: Path) -> None:
    """As `git pull` leaves a file that has changed."""
    newer = file.stat().st_mtime + 60
    os.utime(file, (newer, newer))


def test_dependencies_that_have_changed_are_installed_once_and_said(clone: Path) -> None:
    assert make_run(clone).endswith(INSTALLS + STARTS)
    assert make_run(clone) == STARTS
    make_newer(clone / "pyproject.toml")
    os.utime(clone / ".venv" / ".ok", (0, 0))
    assert make_run(clone) == INSTALLS + STARTS
    assert len((clone / "asked").read_text().splitlines()) == 2


def test_an_environment_whose_python_was_replaced_is_made_again(clone: Path) -> None:
    make_run(clone)
    (clone / "replaced").touch()
    said = make_run(clone)
    assert said.startswith(
        "The Python that .venv was made with was replaced or removed: making .venv again\nMaking .venv"
    )
    assert said.endswith(INSTALLS + STARTS)


def test_without_a_network_it_goes_on_with_what_there_is(clone: Path) -> None:
    make_run(clone)
    make_newer(clone / "pyproject.toml")
    (clone / "no-network").touch()
    assert make_run(clone) == (
        f"{INSTALLS}Warning: what pyproject.toml asks for now cannot be installed; continuing with what .venv has. "
        f"Run make again with a network.\n{STARTS}"
    )


@pytest.mark.root
def test_an_installation_leaves_a_folder_alone_that_it_did_not_make(clone: Path) -> None:
    installed = clone / "opt" / "framebus"
    (installed / "bin").mkdir(parents=True)
    (installed / "notes").write_text("of the user")
    shutil.copy(clone / "python", installed / "bin")
    command = [need("make"), "-C", str(clone), "--no-print-directory", "install", f"INSTALLED={installed}"]

    refused = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert refused.returncode != 0
    assert refused.stdout == f"{installed} exists and is not a copy that framebus made; move it away first\n"
    assert (installed / "notes").read_text() == "of the user"
    assert not (clone / "asked").exists()
    (installed / "pyvenv.cfg").touch()
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, f"Installing framebus and what it needs into {installed}\n")
