"""What an installation changes on this machine: its user, its folders and files, and systemd."""

import contextlib
import grp
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

from framebus.config.load import SYSTEM_FILE, SYSTEM_STATE_DIR
from framebus.installation.step import InstallationError, Undo
from framebus.installation.texts import MARK, SETTINGS_NAME, SOCKET_NAME, UNIT_NAME
from framebus.runtime.atomic_write import write_atomically

USER = "framebus"
CAMERA_GROUPS = ("video", "render")
"""Those that own /dev/video*, /dev/media*, /dev/dma_heap and /dev/dri on Debian and Raspberry Pi OS."""
STATE_DIR = Path(SYSTEM_STATE_DIR)
UNIT = Path("/etc/systemd/system") / UNIT_NAME
SETTINGS_UNIT = UNIT.with_name(SETTINGS_NAME)
SOCKET_UNIT = UNIT.with_name(SOCKET_NAME)
LINKS = {f"multi-user.target.wants/{UNIT_NAME}": UNIT, f"{UNIT_NAME}.wants/{SOCKET_NAME}": SOCKET_UNIT}
"""By which systemd starts the service at each boot, and its socket with it."""
COMMAND = Path("/usr/local/bin/framebus")
SYSTEMD_RUNS = Path("/run/systemd/system")
"""sd_booted(3)."""


def call(*command: str) -> None:
    """Run a program. Raises InstallationError with its last line if it fails."""
    path = shutil.which(command[0], path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if path is None:
        raise InstallationError(f"{command[0]} is not installed")
    done = subprocess.run([path, *command[1:]], capture_output=True, text=True)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or [f"exit status {done.returncode}"]
        raise InstallationError(f"{' '.join(command)}: {lines[-1]}")


def groups() -> list[str]:
    """The groups that may open cameras and that this machine has."""
    return [name for name in CAMERA_GROUPS if _has_group(name)]


def _has_group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True


def user_exists() -> bool:
    """Whether the user exists."""
    try:
        pwd.getpwnam(USER)
    except KeyError:
        return False
    return True


def has_user() -> bool:
    """Whether the user exists, with its groups."""
    try:
        user = pwd.getpwnam(USER)
    except KeyError:
        return False
    members = os.getgrouplist(USER, user.pw_gid)
    return all(grp.getgrnam(name).gr_gid in members for name in groups())


def make_user() -> Undo | None:
    """Create the user, or add its groups."""
    try:
        pwd.getpwnam(USER)
    except KeyError:
        more = ["--groups", ",".join(groups())] if groups() else []
        shell = "/usr/sbin/nologin"
        call("useradd", "--system", "--user-group", *more, "--home-dir", str(STATE_DIR), "--shell", shell, USER)
        return remove_user
    call("usermod", "--append", "--groups", ",".join(groups()), USER)
    return None


def remove_user() -> None:
    """Remove the user, and its group."""
    call("userdel", USER)


def has_folder(folder: Path, owner: str, mode: int) -> bool:
    """Whether a folder exists, with this owner and mode."""
    try:
        status = folder.stat()
        return status.st_uid == pwd.getpwnam(owner).pw_uid and status.st_mode & 0o777 == mode
    except (OSError, KeyError):
        return False


def make_folder(folder: Path, owner: str, mode: int) -> Undo:
    """Create a folder, or give it, with what its owner so far has in it, this owner and mode."""
    entry = pwd.getpwnam(owner)
    if not folder.exists():
        folder.mkdir(parents=True)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        folder.chmod(mode)
        return folder.rmdir
    before = folder.stat()
    _give(folder, before.st_uid, entry.pw_uid, entry.pw_gid)
    folder.chmod(mode)

    def undo() -> None:
        _give(folder, entry.pw_uid, before.st_uid, before.st_gid)
        folder.chmod(stat.S_IMODE(before.st_mode))

    return undo


def _give(folder: Path, old_uid: int, uid: int, gid: int) -> None:
    """Change the owner of a folder, and of what the old owner has in it; the folder last, so that this can be repeated.

    Nothing outside it changes: no target of a link, and no file that has a second name.
    """
    if old_uid != uid:
        for _, folders, files, place in os.fwalk(os.path.realpath(folder), follow_symlinks=False):
            for name in (*folders, *files):
                status = os.stat(name, dir_fd=place, follow_symlinks=False)
                if status.st_uid == old_uid and (stat.S_ISDIR(status.st_mode) or status.st_nlink == 1):
                    os.chown(name, uid, gid, dir_fd=place, follow_symlinks=False)
    os.chown(folder, uid, gid)


def has_private_config() -> bool:
    """Whether the configuration exists, and only root may change it and only the service read it."""
    try:
        status = SYSTEM_FILE.stat()
        return status.st_mode & 0o007 == 0 and status.st_gid == pwd.getpwnam(USER).pw_gid
    except (OSError, KeyError):
        return False


def make_config(content: str) -> Undo | None:
    """Write the configuration; one that is there keeps its content."""
    gid = pwd.getpwnam(USER).pw_gid
    if SYSTEM_FILE.exists():
        os.chown(SYSTEM_FILE, -1, gid)
        SYSTEM_FILE.chmod(0o640)
        return None
    has_folder = SYSTEM_FILE.parent.exists()
    SYSTEM_FILE.parent.mkdir(exist_ok=True)
    SYSTEM_FILE.parent.chmod(0o755)
    write_atomically(SYSTEM_FILE, content.encode(), 0o640, owner=(0, gid), exact_mode=True)

    def undo() -> None:
        SYSTEM_FILE.unlink()
        if not has_folder:
            SYSTEM_FILE.parent.rmdir()

    return undo


def has_file(file: Path, content: str, mode: int) -> bool:
    """Whether a file has this content and mode."""
    try:
        return file.read_text() == content and file.stat().st_mode & 0o777 == mode
    except (OSError, UnicodeDecodeError):
        return False


def make_file(file: Path, content: str, mode: int) -> Undo:
    """Write a file of the installation. Raises InstallationError where another program's file is in its place."""
    before = file.read_text(errors="replace") if file.exists() else None
    if before is not None and MARK not in before and file not in (UNIT, SETTINGS_UNIT, SOCKET_UNIT):
        raise InstallationError(f"{file} exists and is not of `framebus install`; remove it first")
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, content.encode(), mode, exact_mode=True)

    def undo() -> None:
        if before is None:
            file.unlink()
        else:
            write_atomically(file, before.encode(), mode, exact_mode=True)

    return undo


def systemd_runs() -> bool:
    """Whether systemd runs here: not in a chroot, and not in most containers."""
    return SYSTEMD_RUNS.is_dir()


def links(folder: Path = UNIT.parent) -> list[str]:
    """Which of LINKS are there."""
    return [name for name in LINKS if (folder / name).is_symlink()]


def enable(folder: Path = UNIT.parent) -> Undo:
    """Start the service at each boot: what `systemctl enable` does, also where systemd does not run."""
    before = links(folder)
    for name in [name for name in LINKS if name not in before]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(LINKS[name])
    return lambda: disable(folder, keep=before)


def disable(folder: Path = UNIT.parent, *, keep: Sequence[str] = ()) -> None:
    """Start it no more: what `systemctl disable` does."""
    for name in [name for name in LINKS if name not in keep]:
        (folder / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # it is not there, or has links to other units
        (folder / f"{UNIT_NAME}.wants").rmdir()


def start() -> Undo:
    """Start the service, or restart it with what has changed. One that fails is stopped: systemd would try on."""
    call("systemctl", "daemon-reload")
    try:
        call("systemctl", "restart", UNIT_NAME)
    except InstallationError:
        with contextlib.suppress(InstallationError):
            call("systemctl", "stop", UNIT_NAME)
        raise
    return lambda: call("systemctl", "stop", UNIT_NAME)


def is_active() -> bool:
    """Whether the service runs."""
    try:
        call("systemctl", "is-active", "--quiet", UNIT_NAME)
    except InstallationError:
        return False
    return True


def take_up_again(*, was_active: bool) -> None:
    """Let systemd follow what was undone: read the units again, and start a service that ran before."""
    call("systemctl", "daemon-reload")
    if was_active:
        call("systemctl", "start", UNIT_NAME)


def stop() -> None:
    """Stop the service, if systemd runs."""
    if systemd_runs():
        call("systemctl", "stop", UNIT_NAME)


def remove(files: Sequence[Path]) -> None:
    """Delete files and folders, as far as they are there."""
    for file in files:
        if file.is_dir() and not file.is_symlink():
            shutil.rmtree(file)
        else:
            file.unlink(missing_ok=True)
