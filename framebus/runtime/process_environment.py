"""The environment in which a process of framebus is started by another one, not by supervisord."""

import os
from pathlib import Path

from framebus.runtime import launch, safe_path

PACKAGES = Path(__file__).parents[2]
"""The folder that holds framebus; in a working copy, also the packages of its processes."""


def environment(module: str, packages: Path = PACKAGES) -> dict[str, str]:
    """The environment of this process, with which Python finds a module of this framebus, installed or not.

    `-P` keeps Python from taking modules from the current folder, which may be anybody's, and `safe_path.python_path`
    from taking another program's module of that name from PYTHONPATH.

    Args:
        module: what is started, such as `capture` or `gateway.export`.
        packages: the folder that holds framebus.
    """
    installed = {"site-packages", "dist-packages"} & set(packages.parts)
    folders = [folder for folder in (None if installed else str(packages), safe_path.python_path()) if folder]
    inherited = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    path = launch.python_path(module, os.pathsep.join(folders) or None)
    return inherited if path is None else {**inherited, "PYTHONPATH": path}
