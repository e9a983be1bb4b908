"""The wheel and the sdist: what is in them, and that anybody can build the same bytes."""

import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from framebus import __version__
from tests.debian.chroot import LOCAL, ROOT
from tests.packaging import built

DAY_SECONDS = 1_700_000_000
"""Some day of 2023."""


def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as content:
        return content.namelist()


def files(*folders: str) -> list[str]:
    """Those of the repository, with those that are yet to be added."""
    command = [
        "git",
        "-C",
        str(ROOT),
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "--deduplicate",
        *folders,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_it_puts_framebus_alone_beside_the_packages_of_others(dist: Path) -> None:
    tops = {name.split("/")[0] for name in names(built.the_only(dist, "*.whl"))}
    assert tops == {"framebus", f"framebus-{__version__}.dist-info"}


def test_every_file_of_the_packages_is_in_it(dist: Path) -> None:
    listed = files("framebus", "capture", "gateway", "recorder", "snapshot")
    wanted = {name if name.startswith("framebus/") else f"framebus/processes/{name}" for name in listed}
    wanted |= {f"framebus/{name}" for name in ("supervisord.conf", "framebus.toml", "framebus.service")}
    wanted |= {f"framebus/framebus-settings.{kind}" for kind in ("service", "socket")}
    assert {name for name in names(built.the_only(dist, "*.whl")) if ".dist-info/" not in name} == wanted


def test_the_sdist_gives_the_same_wheel_as_the_working_copy(dist: Path, tmp_path: Path) -> None:
    with tarfile.open(built.the_only(dist, "*.tar.gz")) as content:
        content.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    ours = built.build(ROOT, tmp_path / "ours", seconds=DAY_SECONDS, kind="wheel")
    theirs = built.build(unpacked, tmp_path / "theirs", seconds=DAY_SECONDS, kind="wheel")
    assert theirs.read_bytes() == ours.read_bytes()


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_the_bytes_do_not_depend_on_the_folder_nor_on_who_may_read_it(tmp_path: Path, kind: str) -> None:
    copy = tmp_path / "a folder"
    shutil.copytree(ROOT, copy, ignore=LOCAL)
    subprocess.run(["chmod", "-R", "go-rwx", copy], check=True)
    subprocess.run(["find", copy, "-exec", "touch", "-d", "2001-01-01", "{}", "+"], check=True)
    ours = built.build(ROOT, tmp_path / "ours", seconds=DAY_SECONDS, kind=kind)
    theirs = built.build(copy, tmp_path / "theirs", seconds=DAY_SECONDS, kind=kind)
    assert theirs.read_bytes() == ours.read_bytes()


def test_every_file_of_the_repository_is_in_the_sdist(dist: Path) -> None:
    with tarfile.open(built.the_only(dist, "*.tar.gz")) as content:
        there = {name.partition("/")[2] for name in content.getnames()}
    assert there == {*files(), "PKG-INFO"}


def test_pypi_can_show_its_description(dist: Path) -> None:
    files = [built.the_only(dist, "*.whl"), built.the_only(dist, "*.tar.gz")]
    done = subprocess.run(
        [built.PYTHON, "-P", "-m", "twine", "check", "--strict", *files], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
