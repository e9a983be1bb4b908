"""framebus where every user of the machine can read it, as after an installation: a working copy may lie in /root."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PARTS = ["framebus", "capture", "gateway", "recorder", "snapshot", "supervisord.conf", "framebus.toml"]
NEEDED = ["zmq", "tornado", "supervisor", "msgspec", "PIL", "videodev2", "prometheus_client"]
LIBRARIES = ["pyzmq.libs", "pillow.libs"]
"""Which lie beside the packages that load them, where these came as wheels."""
NOBODY = 65534
"""The number of the user nobody, on every Linux."""


class Installed:
    """A copy of framebus, and a Python that everybody can run it with."""

    def __init__(self, folder: Path) -> None:
        """The folder is one that everybody can read. Skips the test when there is no such Python."""
        for part in PARTS:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, folder / part)
        for package in packages():
            shutil.copytree(package, folder / package.name)
        self.folder = folder
        self.environment = {"PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        self.python = next(filter(self._serves_nobody, pythons()), "")
        if not self.python:
            pytest.skip("no Python of this version that every user can run")

    def command(self, *arguments: str) -> tuple[str, ...]:
        """Run one of its modules, in which a warning is an error."""
        return (self.python, "-W", "error", "-m", *arguments)

    def _serves_nobody(self, python: str) -> bool:
        script = f"import sys; assert sys.version_info[:2] == {sys.version_info[:2]}; import framebus, zmq, tornado"
        try:
            done = subprocess.run(
                [python, "-c", script],
                check=False,
                capture_output=True,
                env={**os.environ, **self.environment},
                cwd="/",
                user=NOBODY,
                group=NOBODY,
                extra_groups=[],
            )
        except OSError:
            return False
        return done.returncode == 0


def pythons() -> list[str]:
    """This one, and those of the system."""
    name = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return [sys.executable, *(f"{folder}/{name}" for folder in ("/usr/local/bin", "/usr/bin"))]


def packages() -> list[Path]:
    """The folders of what framebus needs."""
    specs = [importlib.util.find_spec(name) for name in NEEDED]
    found = [Path(spec.origin).parent for spec in specs if spec is not None and spec.origin is not None]
    beside = {package.parent / name for package in found for name in LIBRARIES}
    return [*found, *(folder for folder in sorted(beside) if folder.is_dir())]
