"""The folder of the ipc sockets: its endpoints, its permissions, and a lock for each of them."""

import contextlib
import fcntl
import grp
import logging
import os
import pwd
import stat
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

from framebus.config.load import Config
from framebus.errors import FramebusError
from framebus.runtime.atomic_write import PRIVATE, write_atomically

MAX_IPC_PATH_BYTES = 107
"""sun_path of struct sockaddr_un holds 108 bytes with the closing NUL (linux/un.h)."""
FOLDER_MODE = 0o750
SOCKET_MODE = 0o660
"""Of run_dir and its sockets, where the configuration names a group. Connecting takes the right to write."""
GUARD_INTERVAL_SECONDS = 1800.0
"""How often files in run_dir are made to look new. systemd cleans /tmp once a day."""
STATE_FILES = ("*.controls.json", "session.key", "logged-out", "tokens-used.json")
"""What state_dir holds. Before it had a default of its own, these files were in run_dir."""

logger = logging.getLogger("framebus")


class RunDirError(FramebusError):
    """The folder cannot be used, or what is asked for in it is taken; the text says why and what to do."""


def frames_endpoint(run_dir: Path, camera: str) -> str:
    """Where a camera's capture publishes."""
    return f"ipc://{run_dir}/{camera}.frames"


def snapshot_endpoint(run_dir: Path) -> str:
    """Where the snapshot service answers."""
    return f"ipc://{run_dir}/snapshot"


def recorder_endpoint(run_dir: Path) -> str:
    """Where the recorder answers."""
    return f"ipc://{run_dir}/recorder"


def control_endpoint(run_dir: Path, camera: str) -> str:
    """Where a camera's capture is asked for its controls."""
    return f"ipc://{run_dir}/{camera}.control"


def events_endpoint(run_dir: Path) -> str:
    """Where the events of all cameras are published."""
    return f"ipc://{run_dir}/events"


def worker_name(worker: int) -> str:
    """What a worker of the gateway is called in messages; `worker` is its number, from 0."""
    return f"gateway-{worker}"


def viewers_endpoint(run_dir: Path, worker: int) -> str:
    """Where a worker of the gateway reports its viewers to the other workers."""
    return f"ipc://{run_dir}/{worker_name(worker)}.viewers"


def prepare(config: Config) -> None:
    """Make the folder, for this user and the configured group, and check that its paths fit into a socket's address.

    A folder that others can only read is closed to them. State of an earlier version is moved to state_dir.
    Raises RunDirError when the folder cannot be made, is not ours, others may write to it, or the group is not ours.
    """
    folder = config.run_dir
    for camera in config.cameras:
        check_length(folder / f"{camera}.control")
    if config.gateway.workers > 1:
        check_length(folder / f"{worker_name(config.gateway.workers - 1)}.viewers")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        raise RunDirError(f"run_dir {folder} cannot be made: {error.strerror}. Name another in framebus.toml") from None
    if not stat.S_ISDIR(status.st_mode):
        raise RunDirError(f"run_dir {folder} is no folder; allowed: a folder of your own")
    if status.st_uid != os.geteuid():
        raise RunDirError(f"run_dir {folder} belongs to user {status.st_uid}; allowed: a folder of user {os.geteuid()}")
    if status.st_mode & 0o022:
        raise RunDirError(
            f"run_dir {folder} can be written to by others (mode {stat.S_IMODE(status.st_mode):04o}); "
            f"run: chmod 700 {folder}"
        )
    if config.group is not None:
        share(folder, config.group, FOLDER_MODE)
    elif status.st_mode & 0o077:
        _close_to_others(folder, stat.S_IMODE(status.st_mode))
    migrate_state(config)


def share(path: Path, group: str, mode: int) -> None:
    """Let the members of a group use a folder or a socket. Raises RunDirError."""
    try:
        number = grp.getgrnam(group).gr_gid
    except KeyError:
        raise RunDirError(f"group {group}: there is no such group on this machine") from None
    try:
        os.chown(path, -1, number)
        path.chmod(mode)
    except PermissionError:
        user = pwd.getpwuid(os.geteuid()).pw_name
        raise RunDirError(
            f"{path} cannot be given to group {group}, as user {user} is not in it; run: sudo adduser {user} {group}"
        ) from None
    except OSError as error:
        raise RunDirError(f"{path} cannot be given to group {group}: {error.strerror}") from None


def share_socket(endpoint: str, group: str | None) -> None:
    """Let the members of the group, if there is one, connect to a bound socket, and no other users.

    Raises RunDirError.
    """
    path = socket_path(endpoint)
    if path is None:
        return
    if group is not None:
        share(path, group, SOCKET_MODE)
    else:
        path.chmod(0o700)


def _close_to_others(folder: Path, mode: int) -> None:
    """Raises RunDirError where that is impossible, as on a file system without modes."""
    try:
        folder.chmod(0o700)
    except OSError as error:
        raise RunDirError(
            f"run_dir {folder} can be read by others (mode {mode:04o}), and chmod 700 fails: {error.strerror}. "
            "Name another in framebus.toml"
        ) from None
    logger.warning("run_dir %s could be read by others (mode %04o); it has mode 0700 now", folder, mode)


def migrate_state(config: Config) -> None:
    """Move state files from run_dir, where earlier versions kept them, to state_dir; newer ones there win.

    A file that cannot be moved is tried again at the next start.
    """
    if config.state_dir == config.run_dir:
        return
    for pattern in STATE_FILES:
        for file in config.run_dir.glob(pattern):
            with contextlib.suppress(OSError):
                _move(file, config.state_dir / file.name)


def _move(file: Path, target: Path) -> None:
    if not stat.S_ISREG(file.lstat().st_mode):
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not target.exists():
        write_atomically(target, file.read_bytes(), PRIVATE, lasting=True)
    file.unlink()


@contextlib.contextmanager
def guard(config: Config, interval_seconds: float = GUARD_INTERVAL_SECONDS) -> Iterator[None]:
    """Keep programs that clean up old files, such as systemd-tmpfiles, from deleting what is in run_dir."""
    descriptor = _open_folder(config.run_dir)
    end = threading.Event()

    def keep() -> None:
        _protect(config.run_dir, descriptor)
        while not end.wait(interval_seconds):
            _protect(config.run_dir, descriptor)

    thread = threading.Thread(target=keep, name="run-dir-guard", daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
        if descriptor is not None:
            os.close(descriptor)


def _open_folder(folder: Path) -> int | None:
    """None for a folder that was deleted this moment: its process notices that by itself."""
    try:
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None


def _protect(folder: Path, descriptor: int | None) -> None:
    """Lock the folder, which systemd-tmpfiles respects (tmpfiles.d(5), "Age"), and make its files look new for others.

    One process of all has the lock. The rest try again, in case that process has ended.
    """
    with contextlib.suppress(OSError):
        if descriptor is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with contextlib.suppress(OSError):
        for file in (folder, *folder.iterdir()):
            with contextlib.suppress(OSError):
                os.utime(file, follow_symlinks=False)


def check_length(socket_file: Path) -> None:
    """Raises RunDirError for a path that does not fit into a socket's address."""
    length = len(os.fsencode(socket_file))
    if length > MAX_IPC_PATH_BYTES:
        raise RunDirError(
            f"run_dir {socket_file.parent} makes socket paths of {length} bytes; allowed: at most {MAX_IPC_PATH_BYTES} "
            f"(a limit of Linux). Name a shorter one in framebus.toml"
        )


class Lock:
    """One owner for an endpoint. ZeroMQ lets a second process bind a live ipc path and silently cuts off the first.

    Held until `close`, or until the process ends, however it ends. A forked child does not hold it.
    """

    def __init__(self, run_dir: Path, name: str, wait: bool = False) -> None:
        """Raises RunDirError, with the id of the process that holds it; or waits until that process releases it.

        Wait only for what is held for a moment: only a second signal ends the waiting.
        """
        self._path = run_dir / f"{name}.lock"
        try:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise RunDirError(f"{self._path} cannot be opened: {error.strerror}") from None
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:
            holder = os.read(self._fd, 20).decode("ascii", "replace").strip()
            os.close(self._fd)
            raise RunDirError(
                f"{name} already runs as process {holder or '?'} with run_dir {run_dir}; "
                f"stop that one first, or give this one another run_dir"
            ) from None
        _held.add(self)
        self._sockets: dict[Path, int] = {}
        with contextlib.suppress(OSError):  # on a full disk the id is missing; the lock holds
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def check(self, *endpoints: str) -> None:
        """Raises RunDirError when the lock file or the socket file of one of these endpoints was deleted or replaced.

        No client can connect then, and nothing else reports it.
        """
        try:
            exists = os.stat(self._path).st_ino == os.fstat(self._fd).st_ino
            sockets = {path: path.stat().st_ino for path in map(socket_path, endpoints) if path is not None}
        except OSError:
            exists = False
        if not exists:
            raise RunDirError(
                f"run_dir {self._path.parent} was deleted, or emptied: the process starts again to recreate it"
            )
        for path, inode in sockets.items():
            if self._sockets.setdefault(path, inode) != inode:
                raise RunDirError(f"another program has taken {path}: the process starts again to recreate it")

    def bound_again(self, endpoint: str) -> None:
        """Expect a new socket file of an endpoint, as its owner has bound it again."""
        path = socket_path(endpoint)
        if path is not None:
            self._sockets.pop(path, None)

    def close(self) -> None:
        """Release it. Does nothing in a forked child."""
        if self._fd < 0:
            return
        fcntl.flock(self._fd, fcntl.LOCK_UN)  # closing alone leaves it to a child that was forked in another language
        self._drop()

    def _drop(self) -> None:
        """Close the descriptor alone: the lock belongs to all that were inherited from it (flock(2))."""
        descriptor, self._fd = self._fd, -1
        _held.discard(self)
        os.close(descriptor)


_held: weakref.WeakSet[Lock] = weakref.WeakSet()
"""The locks of this process."""


def _after_fork_in_child() -> None:
    for lock in list(_held):
        lock._drop()


os.register_at_fork(after_in_child=_after_fork_in_child)


def socket_path(endpoint: str) -> Path | None:
    """The file behind an ipc endpoint; None for another transport."""
    return Path(endpoint.removeprefix("ipc://")) if endpoint.startswith("ipc://") else None
