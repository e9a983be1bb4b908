"""The program of the service: a virtual environment that its user can read, copied from the running one.

pipx and `pip install --user` put framebus into a home folder, which the service cannot read. The files are copied
rather than downloaded: the service runs the tested version, and the installation needs no network.
"""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from framebus.installation.step import InstallationError, Undo

FOLDER = Path("/opt/framebus")
HIDDEN = ("/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/")
"""Folders that ProtectHome= and PrivateTmp= of the unit hide from the service (systemd.exec(5))."""


def is_hidden(path: str) -> bool:
    """Whether a path is hidden from the service."""
    return f"{os.path.realpath(path)}/".startswith(HIDDEN) or f"{path}/".startswith(HIDDEN)


def has_to_be_copied() -> bool:
    """Whether the running framebus is in a folder that is hidden from the service."""
    return is_hidden(sys.prefix) or is_hidden(str(Path(__file__).parent))


def is_the_copy() -> bool:
    """Whether the framebus that runs is what an earlier `install` has copied, which no update of its origin reaches."""
    return Path(sys.prefix) == FOLDER and (FOLDER / "copied-from").is_file()


def python() -> str:
    """Return the path of the service's Python."""
    return str(FOLDER / "bin" / "python") if has_to_be_copied() else sys.executable


def is_copied() -> bool:
    """Whether FOLDER is a complete copy of this version for this Python."""
    stamp = FOLDER / "copied-from"
    return stamp.is_file() and stamp.read_text() == _stamp()


def is_of_others(folder: Path) -> bool:
    """Whether a folder has files but is not a virtual environment, so that they belong to something else."""
    if (folder / "pyvenv.cfg").is_file():
        return False
    return any(folder.iterdir()) if folder.is_dir() else folder.exists()


def copy(folder: Path = FOLDER) -> Undo:
    """Replace the copy in a folder; return a function that undoes this.

    Raises InstallationError, also where the folder is not a copy, and OSError.
    """
    if is_of_others(folder):
        raise InstallationError(f"{folder} exists and is not a copy that framebus made; move it away first")
    base = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    if is_hidden(base):
        raise InstallationError(f"{base} is a Python that the service cannot see; use /usr/bin/python3 for framebus")
    distributions = list(closure("framebus"))
    edited = next((found.name for found in distributions if not _is_complete(found)), None)
    if edited is not None:
        raise InstallationError(f"{edited} is installed as a working copy; run there: sudo make install")
    new = folder.with_name(f".{folder.name}.new")
    old = folder.with_name(f".{folder.name}.old")
    for left_over in (new, old):
        shutil.rmtree(left_over, ignore_errors=True)
    command = [base, "-m", "venv", "--system-site-packages", "--without-pip", str(new)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or [f"exit status {done.returncode}"]
        raise InstallationError(f"{' '.join(command)}: {lines[-1]}")
    site = new / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    for found in distributions:
        _copy(found, site)
    (new / "copied-from").write_text(_stamp())
    _open_to_all(new)
    if folder.exists():
        folder.rename(old)
    new.rename(folder)

    def undo() -> None:
        shutil.rmtree(folder)
        if old.exists():
            old.rename(folder)

    return undo


def forget_old() -> None:
    """Remove the earlier copy, which `copy` kept for its undo."""
    shutil.rmtree(FOLDER.with_name(f".{FOLDER.name}.old"), ignore_errors=True)


def closure(name: str) -> Iterator[importlib.metadata.Distribution]:
    """Yield a distribution and its requirements, as far as they are in this virtual environment."""
    waiting, seen = [name], set()
    while waiting:
        current = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if current in seen:
            continue
        seen.add(current)
        try:
            found = importlib.metadata.distribution(current)
        except importlib.metadata.PackageNotFoundError:  # for another system, or an extra that is not installed
            continue
        if str(found.locate_file("")).startswith(f"{sys.prefix}{os.sep}"):
            yield found
        for requirement in found.requires or ():
            if "extra ==" not in requirement or current == "framebus":
                waiting.append(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0])


def _is_complete(found: importlib.metadata.Distribution) -> bool:
    """Whether the files of a distribution are in the environment; those of `pip install -e` are not."""
    return any(file.suffix == ".py" and file.parts[0] == "framebus" for file in found.files or ()) or (
        found.metadata["Name"] != "framebus"
    )


def _copy(found: importlib.metadata.Distribution, site: Path) -> None:
    for file in found.files or ():
        if ".." in file.parts or file.parts[0] == "/":  # scripts
            continue
        source = Path(str(found.locate_file(file)))
        if source.is_file():
            target = site.joinpath(*file.parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            target.chmod(0o755 if os.access(source, os.X_OK) else 0o644)


def _open_to_all(folder: Path) -> None:
    """Let the service's user read and run the copy, whatever the umask is."""
    for place, _, files in os.walk(folder):
        os.chmod(place, 0o755)
        for name in files:
            path = os.path.join(place, name)
            if not os.path.islink(path):
                os.chmod(path, 0o755 if os.stat(path).st_mode & 0o100 else 0o644)


def _stamp() -> str:
    """Return the origin of the copy: the versions, and the time at which framebus was installed."""
    names = sorted(f"{found.name} {found.version}" for found in closure("framebus"))
    installed = Path(__file__).stat().st_mtime_ns
    return "\n".join([sys.version, os.path.dirname(__file__), str(installed), *names])
