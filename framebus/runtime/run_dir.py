"""The folder of the ipc sockets: where each endpoint lies, who may be in it, and one publisher a camera."""

import contextlib
import fcntl
import os
import stat
from pathlib import Path

from framebus.config.load import Config
from framebus.errors import FramebusError

MAX_IPC_PATH_BYTES = 107
"""sun_path of struct sockaddr_un holds 108 bytes with the closing NUL (linux/un.h)."""


class RunDirError(FramebusError):
    """The folder cannot be used, or what is asked for in it is taken; the text says why and what to do."""


def frames_endpoint(config: Config, camera: str) -> str:
    """Where a camera's capture publishes."""
    return f"ipc://{config.run_dir}/{camera}.frames"


def snapshot_endpoint(config: Config) -> str:
    """Where the snapshot service answers."""
    return f"ipc://{config.run_dir}/snapshot"


def control_endpoint(config: Config, camera: str) -> str:
    """Where a camera's capture is asked for its controls."""
    return f"ipc://{config.run_dir}/{camera}.control"


def worker_name(worker: int) -> str:
    """What a worker of the gateway is called in messages; `worker` is its number, from 0."""
    return f"gateway-{worker}"


def viewers_endpoint(config: Config, worker: int) -> str:
    """Where a worker of the gateway tells the others who watches through it."""
    return f"ipc://{config.run_dir}/{worker_name(worker)}.viewers"


def prepare(config: Config) -> None:
    """Make the folder, for us alone, and check that its paths fit into a socket's address.

    Raises RunDirError when it cannot be made, is not ours, or others may write to it.
    """
    folder = config.run_dir
    for camera in config.cameras:
        check_length(folder / f"{camera}.control")
    if config.gateway.workers > 1:
        check_length(folder / f"{worker_name(config.gateway.workers - 1)}.viewers")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise RunDirError(f"run_dir {folder} cannot be made: {error.strerror}. Name another in framebus.toml") from None
    if not stat.S_ISDIR(found.st_mode):
        raise RunDirError(f"run_dir {folder} is no folder; allowed: a folder of your own")
    if found.st_uid != os.geteuid():
        raise RunDirError(f"run_dir {folder} belongs to user {found.st_uid}; allowed: a folder of user {os.geteuid()}")
    if found.st_mode & 0o022:
        raise RunDirError(
            f"run_dir {folder} can be written to by others (mode {stat.S_IMODE(found.st_mode):04o}); "
            f"run: chmod 700 {folder}"
        )


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

    Held until `close`, or until the process ends, however it ends.
    """

    def __init__(self, config: Config, name: str, wait: bool = False) -> None:
        """Raises RunDirError when another process holds it, and names that one; or waits until it lets go.

        Wait only for what is held for a moment: nothing but a second signal ends the waiting.
        """
        self._path = config.run_dir / f"{name}.lock"
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
                f"{name} already runs as process {holder or '?'} with run_dir {config.run_dir}; "
                f"stop that one first, or give this one another run_dir"
            ) from None
        self._sockets: dict[Path, int] = {}
        with contextlib.suppress(OSError):  # on a full disk it is not said whose the lock is, and it locks all the same
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def check(self, *endpoints: str) -> None:
        """Raises RunDirError when it locks nothing any more, or one of these ipc endpoints is not what it was at first.

        Nobody can connect to us then, and nothing else would ever say so.
        """
        try:
            there = os.stat(self._path).st_ino == os.fstat(self._fd).st_ino
            sockets = {path: path.stat().st_ino for path in map(socket_path, endpoints) if path is not None}
        except OSError:
            there = False
        if not there:
            raise RunDirError(f"run_dir {self._path.parent} was deleted, or emptied: it has to be made anew")
        for path, inode in sockets.items():
            if self._sockets.setdefault(path, inode) != inode:
                raise RunDirError(f"another program has taken {path}: it has to be made anew")

    def close(self) -> None:
        """Let it go."""
        os.close(self._fd)


def socket_path(endpoint: str) -> Path | None:
    """The file behind an ipc endpoint; None for another transport."""
    return Path(endpoint.removeprefix("ipc://")) if endpoint.startswith("ipc://") else None
