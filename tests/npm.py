"""Packages of npm that some tests need."""

import json
import subprocess
import tarfile
from pathlib import Path

from tests.programs import need


def install(name: str, version: str, folder: Path) -> None:
    """What `npm install` does with one package, without running what the package brings."""
    packed = folder.parent.parent
    command = [need("npm"), "pack", "--silent", "--prefer-offline", f"{name}@{version}"]
    subprocess.run(command, cwd=packed, check=True, timeout=60)
    folder.parent.mkdir(exist_ok=True)
    with tarfile.open(packed / f"{name}-{version}.tgz") as archive:
        archive.extractall(folder.parent / f"{name}.package", filter="data")
    (folder.parent / f"{name}.package" / "package").rename(folder)
    assert json.loads((folder / "package.json").read_text())["version"] == version
