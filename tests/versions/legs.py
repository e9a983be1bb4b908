"""The versions that the tests run on: each leg installs them by uv and runs pytest on them."""

import os
import platform
import shutil
import subprocess
import sys

from tests.debian.chroot import ROOT, SetupError, cache_folder, chroot, copy, lock
from tests.debian.inside import run
from tests.debian.recipe import RECIPE, USER

LIMIT_SECONDS = 900
"""Of the tests of one leg; they take a fifth of that on two processors."""
PYTEST = ("-P", "-m", "pytest", "-n", "2", "--dist", "worksteal", "-p", "no:cacheprovider", "-p", "no:benchmark")
NEWEST = "opt/newest"
"""A virtual environment in the chroot."""
NEWEST_PYTHON = "3.13"
"""Debian 13's."""
PICAMERA2 = ROOT / "tests" / "picamera2.txt"
SETUPTOOLS = "setuptools==75.8.0"
"""With pkg_resources, which the oldest supervisor needs, and without the warning that later ones print about it."""


def oldest(options: list[str]) -> int:
    """The lower bounds, on this Python. Returns pytest's exit status. Raises SetupError."""
    cache = cache_folder(os.environ, "oldest")
    with lock(cache):
        python = cache / "venv" / "bin" / "python"
        _uv("venv", "--clear", "--python", sys.executable, str(cache / "venv"))
        _install(["--python", str(python)], "lowest-direct")
        _uv("pip", "install", "--python", str(python), SETUPTOOLS)
        _show([str(python)], f"Tests on the oldest versions, Python {platform.python_version()}")
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            [python, *PYTEST, "-m", "not slow", *options], cwd=ROOT, env=environment, check=False
        ).returncode


def newest(options: list[str]) -> int:
    """The newest versions that the upper bounds allow, on Python 3.13. Returns the same. Raises SetupError."""
    cache = cache_folder(os.environ, "debian")
    with lock(cache):
        root = chroot(cache, RECIPE)
        enter = ["chroot", str(root)]
        subprocess.run([*enter, "python3", "-m", "venv", "--clear", "--without-pip", f"/{NEWEST}"], check=True)
        folder = root / NEWEST / "lib" / f"python{NEWEST_PYTHON}" / "site-packages"
        tag = f"{platform.machine()}-manylinux_2_34"
        where = ["--target", str(folder), "--python-version", NEWEST_PYTHON, "--python-platform", tag]
        _install([*where, "--only-binary", ":all:"], "highest")
        _show([*enter, f"/{NEWEST}/bin/python"], f"Tests on the newest versions, Python {NEWEST_PYTHON}")
        copy(root, owner=USER)
        command = [f"/{NEWEST}/bin/python", *PYTEST, "-m", "not slow and not root", *options]
        return run(root, USER, command, LIMIT_SECONDS, {})


LEGS = {"oldest": oldest, "newest": newest}


def _install(where: list[str], resolution: str) -> None:
    wanted = ["-r", str(ROOT / "pyproject.toml"), "--extra", "dev"]
    _uv("pip", "install", *where, "--resolution", resolution, *wanted)
    _uv("pip", "install", *where, "--no-deps", "-r", str(PICAMERA2))


def _uv(*arguments: str) -> None:
    """Raises SetupError."""
    uv = shutil.which("uv", path=f"{ROOT / '.tools' / 'bin'}{os.pathsep}{os.environ['PATH']}")
    if uv is None:
        raise SetupError("uv is not installed; run: make test-versions")
    done = subprocess.run([uv, "--quiet", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(f"uv failed; it said:\n{done.stderr.strip()}")


def _show(python: list[str], title: str) -> None:
    """Print what is about to be tested."""
    names = ["av", "msgspec", "pillow", "prometheus-client", "pyzmq", "supervisor", "tomlkit", "tornado", "videodev2"]
    script = "import sys; from importlib.metadata import version; print(*(f'{n} {version(n)}' for n in sys.argv[1:]))"
    print(f"{title}: ", end="", flush=True)
    subprocess.run([*python, "-c", script, *names], check=True)
