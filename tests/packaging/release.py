"""Build the files of a release, twice, and compare: the wheel, the source distribution, the Debian package, SHA256SUMS.

`python -m tests.packaging.release FOLDER` needs root: it builds the Debian package in a Debian 13.
With `--draft`, what is missing for a release is told and no reason to stop.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from framebus import __version__
from tests.debian.chroot import ROOT, SetupError, cache_folder, chroot, lock
from tests.packaging import built
from tests.packaging.machine import Machine
from tests.packaging.recipes import RECIPES, USER

SUMS = "SHA256SUMS"


def main() -> int:
    """Returns 0, or 1 where something is not as a release has to be."""
    parser = argparse.ArgumentParser(prog="python -m tests.packaging.release", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--draft", action="store_true")
    options = parser.parse_args()
    listed = subprocess.run(["git", "-C", ROOT, "status", "--porcelain"], capture_output=True, text=True, check=True)
    found = problems(ROOT, __version__, listed.stdout)
    for problem in found:
        print(f"make release: {problem}", file=sys.stderr)
    if found and not options.draft:
        return 1
    try:
        return publish(options.folder.resolve())
    except SetupError as error:
        print(f"make release: {error}", file=sys.stderr)
        return 1


def problems(root: Path, version: str, changed: str) -> list[str]:
    """Why this working copy is none to release, a sentence each.

    Args:
        root: its folder.
        version: what `framebus --version` says.
        changed: the files that are not as in the last commit, a line each.
    """
    found = []
    if changed.strip():
        found.append(f"not committed: {', '.join(line[3:] for line in changed.splitlines())}")
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    if project != version:
        found.append(f"pyproject.toml has version {project}, and framebus/__init__.py {version}")
    if not re.search(rf"^## {re.escape(version)} ", (root / "CHANGELOG.md").read_text(), flags=re.M):
        found.append(f"CHANGELOG.md has no section for {version}, such as '## {version} (2026-12-24)'")
    return found


def publish(folder: Path) -> int:
    """Put everything into this folder. Returns 0, or 1 where two builds differ or PyPI would refuse a file."""
    with tempfile.TemporaryDirectory(prefix="framebus-release-") as temporary:
        first, second = Path(temporary) / "first", Path(temporary) / "second"
        for place in (first, second):
            place.mkdir()
            everything(place)
        names = sorted(file.name for file in first.iterdir())
        differ = [name for name in names if (first / name).read_bytes() != (second / name).read_bytes()]
        if differ:
            print(f"make release: two builds differ: {', '.join(differ)}", file=sys.stderr)
            return 1
        for_pypi = [str(first / name) for name in names if not name.endswith(".deb")]
        if subprocess.run([built.PYTHON, "-P", "-m", "twine", "check", "--strict", *for_pypi], check=False).returncode:
            return 1
        folder.mkdir(exist_ok=True)
        for name in names:
            shutil.copy(first / name, folder)
    (folder / SUMS).write_text("".join(f"{sha256(folder / name)}  {name}\n" for name in names))
    print((folder / SUMS).read_text(), end="")
    return 0


def everything(folder: Path) -> None:
    """Build the wheel, the source distribution and the Debian package in this folder. Raises SetupError."""
    with tempfile.TemporaryDirectory(prefix="framebus-build-") as temporary:
        shared = Path(temporary)
        shared.chmod(0o777)
        wheel, _ = built.wheel_and_sdist(shared)
        shutil.copy(wheel, folder)
        shutil.copy(built.the_only(shared, "*.tar.gz"), folder)
        shutil.copy(debian_package(shared), folder)


def debian_package(shared: Path) -> Path:
    """Build the package of the source distribution in this folder, in the same folder. Raises SetupError."""
    carried = built.carried(shared)
    sdist = built.the_only(shared, "*.tar.gz")
    shutil.copy(ROOT / "deploy" / "debian" / "build.sh", shared)
    cache = cache_folder(os.environ, "packages-builder")
    with lock(cache):
        root = chroot(cache, RECIPES["builder"])
    with Machine(root, shared, shared / "log") as builder:
        epoch = {"SOURCE_DATE_EPOCH": os.environ["SOURCE_DATE_EPOCH"]} if "SOURCE_DATE_EPOCH" in os.environ else {}
        command = ("/mnt/build.sh", f"/mnt/{sdist.name}", f"/mnt/{carried.name}", "/mnt")
        builder.do(*command, user=USER, variables=epoch)
    return built.the_only(shared, "*.deb")


def sha256(file: Path) -> str:
    """As sha256sum(1) prints it."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
