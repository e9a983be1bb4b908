"""`python -m framebus` imports nothing from the current folder, and starts nothing that does or runs other programs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from framebus.runtime import safe_path
from tests.processes import DEADLINE_SECONDS

ROOT = Path(__file__).parents[3]
STRANGERS = (
    *("calendar", "zmq", "msgspec", "asyncio", "supervisor", "argparse"),
    *("capture", "gateway", "recorder", "snapshot"),
)
"""Modules that framebus imports or runs."""


def leave_modules(folder: Path) -> None:
    """Put modules into a folder that say so when they are run."""
    for name in STRANGERS:
        (folder / f"{name}.py").write_text(f'print("stranger {name}")\nraise SystemExit(9)\n')


@pytest.mark.slow
@pytest.mark.parametrize("words", [("-m", "framebus"), ("-mframebus",), ("-W", "error", "-m", "framebus")])
@pytest.mark.parametrize("python_path", [str(ROOT), f":{ROOT}", f"{ROOT}:"])
def test_modules_of_the_current_folder_are_not_imported(
    words: tuple[str, ...], python_path: str, tmp_path: Path
) -> None:
    leave_modules(tmp_path)
    done = subprocess.run(
        [sys.executable, *words, "--help"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": python_path, "PYTHONSAFEPATH": ""},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert (done.returncode, "stranger" in done.stdout + done.stderr) == (0, False), done.stderr


def test_a_working_copy_that_is_not_installed_finds_itself(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "framebus", tmp_path / "framebus")
    (tmp_path / "calendar.py").write_text("raise SystemExit(9)")
    script = "from framebus.runtime.safe_path import python_path; print(python_path())"
    (tmp_path / "framebus" / "__main__.py").write_text(script)
    libraries = os.pathsep.join(path for path in sys.path if path.endswith("-packages"))
    environment = {**os.environ, "PYTHONPATH": libraries, "PYTHONSAFEPATH": ""}
    done = subprocess.run(
        [sys.executable, "-S", "-m", "framebus"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == f"{libraries}:{tmp_path}\n", done.stderr


def test_a_program_that_imports_framebus_keeps_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import framebus, own")
    (tmp_path / "own.py").write_text('print("own")')
    done = subprocess.run(
        [sys.executable, "-m", "mine", "-m", "framebus"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "own\n", done.stderr


@pytest.mark.parametrize(
    "name", ["capture.py", "gateway/__init__.py", "recorder.py", "snapshot.py", "framebus/__init__.py"]
)
def test_a_folder_of_python_path_with_another_module_of_our_name_is_left_out(name: str, tmp_path: Path) -> None:
    theirs, libraries = tmp_path / "scripts", tmp_path / "libraries"
    (theirs / name).parent.mkdir(parents=True)
    (theirs / name).write_text("raise SystemExit(9)")
    libraries.mkdir()
    assert safe_path.python_path(f"{theirs}:{libraries}:{ROOT}") == f"{libraries}:{ROOT}"
    assert safe_path.shadowed_by(f"{theirs}:{libraries}:{ROOT}") == {
        str(theirs): Path(name).parts[0].removesuffix(".py")
    }


def test_a_folder_that_gives_way_to_our_package_stays(tmp_path: Path) -> None:
    """Such as a folder of pictures: without `__init__.py`, Python goes on to the next entry."""
    (tmp_path / "capture").mkdir()
    assert safe_path.python_path(f"{tmp_path}:{ROOT}") == f"{tmp_path}:{ROOT}"
    assert safe_path.shadowed_by(str(tmp_path)) == {}


def test_our_own_folder_stays_by_any_name(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(ROOT)
    assert safe_path.python_path(f"{tmp_path / 'link'}") == str(tmp_path / "link")
    assert safe_path.python_path("") is None
