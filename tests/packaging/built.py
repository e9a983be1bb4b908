"""What `make wheel` builds of this working copy, and the wheels that pip would fetch for it."""

import os
import platform
import subprocess
import sys
from pathlib import Path

from tests.debian.chroot import ROOT

PYTHON = ROOT / ".tools" / "build" / "bin" / "python"
"""That of `make wheel`."""
INSTALLERS = ("pip", "setuptools", "wheel")
"""pipx brings its own up to date first."""


def wheel_and_sdist(folder: Path) -> tuple[Path, Path]:
    """Build both in this folder, as a user does."""
    make("wheel", folder)
    return the_only(folder, "*.whl"), the_only(folder, "*.tar.gz")


def make(target: str, folder: Path) -> None:
    """Run make here, its files going to this folder."""
    command = ["make", "-s", "-C", str(ROOT), target, f"DIST={folder}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def the_only(folder: Path, pattern: str) -> Path:
    """The file of this kind in a folder that has one of it."""
    (file,) = folder.glob(pattern)
    return file


def build(source: Path, folder: Path, *, seconds: int, kind: str) -> Path:
    """Build a wheel or an sdist of a source tree, as if its commit were of this moment; `make wheel` came before.

    Args:
        source: the source tree.
        folder: where to put what is built.
        seconds: since 1970.
        kind: `wheel` or `sdist`.
    """
    command = [str(PYTHON), "-P", "-m", "build", f"--{kind}", "--no-isolation", f"--outdir={folder}", str(source)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(seconds)}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return the_only(folder, {"wheel": "*.whl", "sdist": "*.tar.gz"}[kind])


def carried(folder: Path) -> Path:
    """Fetch the wheel that the Debian package carries inside, as `make deb` does."""
    make("carried", folder)
    return the_only(folder, "videodev2-*.whl")


def download(python: str, folder: Path) -> None:
    """Fetch what requirements.lock pins for a Python of this version, and pip's own tools, into this folder."""
    tags = [f"--platform=manylinux{since}_{platform.machine()}" for since in ("1", "2014", "_2_17", "_2_28", "_2_34")]
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", f"--dest={folder}"]
    only = ["--only-binary=:all:", "--implementation=cp", f"--python-version={python}", *tags]
    for wanted in (["--no-deps", "--require-hashes", f"--requirement={ROOT / 'requirements.lock'}"], [*INSTALLERS]):
        subprocess.run([*fetch, *only, *wanted], check=True)
