"""Drops root: what reads cameras and serves strangers runs as an ordinary user, however it was started."""

import os
import pwd
from collections.abc import Callable, Iterable
from pathlib import Path

from framebus.config.load import SYSTEM_STATE_DIR, Config, default_run_dir
from framebus.errors import FramebusError


class PrivilegeError(FramebusError):
    """The process cannot change its user; the text says why and what to do."""


def is_root() -> bool:
    """Whether this process has all rights on this machine."""
    return os.geteuid() == 0


def drop_privileges(config: Config, load: Callable[[], Config]) -> Config:
    """Become the configuration's `user` for good, with the groups of that user, such as video.

    Before that, it creates the configuration's folders where they do not exist: only root may below /run and /var/lib.

    Args:
        config: The configuration as root reads it.
        load: Reads it again as that user, whose run_dir may be another one.

    Returns:
        The configuration of that user; `config` itself if this process is not root, or `user` is not set.

    Raises:
        PrivilegeError: The user does not exist or is root, or a folder cannot be created.
        FramebusError: What `load` raises.
    """
    if config.user is None or not is_root():
        return config
    user = _entry(config.user)
    if user.pw_uid == 0:
        raise PrivilegeError(f"user {config.user} has the rights of root; allowed: a user without them")
    os.environ.setdefault("STATE_DIRECTORY", SYSTEM_STATE_DIR)  # the user may have no home folder
    config = load()
    for folder in {config.run_dir, config.state_dir} - {Path(default_run_dir())}:  # the default one is root's own
        _make_for(user, folder)
    become(user.pw_uid)
    return load()


def become(uid: int, more_groups: Iterable[int] = ()) -> None:
    """Become another user for good, with the environment of that user.

    Args:
        uid: The user.
        more_groups: Group ids to have beside those of the user.

    Raises:
        PrivilegeError: This process may not.
    """
    try:
        user = pwd.getpwuid(uid)
        gid, groups = user.pw_gid, os.getgrouplist(user.pw_name, user.pw_gid)
        os.environ.update(HOME=user.pw_dir, USER=user.pw_name, LOGNAME=user.pw_name)
    except KeyError:  # a number without a name, as in a container
        gid, groups = uid, [uid]
    if os.environ.get("XDG_RUNTIME_DIR", "").endswith("/0"):  # the folder of root
        del os.environ["XDG_RUNTIME_DIR"]
    try:
        os.setgroups(sorted({*groups, *more_groups}))
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    except OSError as error:
        raise PrivilegeError(f"cannot become user {uid}: {error.strerror}") from None


def service_owner(config: Config) -> tuple[int, int] | None:
    """Find who runs framebus with this configuration, so that root can give that user the files that it writes.

    Returns:
        User and group id: of `user`, else of the owner of run_dir or state_dir. None if this process is not root, or
        neither folder belongs to another user.

    Raises:
        PrivilegeError: The user does not exist.
    """
    if not is_root():
        return None
    if config.user is not None:
        user = _entry(config.user)
        return user.pw_uid, user.pw_gid
    for folder in (config.run_dir, config.state_dir):
        if folder == Path(default_run_dir()):  # root's own, which any user may have made first in /tmp
            continue
        try:
            status = folder.stat()
        except OSError:
            continue
        if status.st_uid != 0:
            return status.st_uid, status.st_gid
    return None


def warn(config: Config) -> str | None:
    """The sentence that advises against running as root; None if the processes run as another user."""
    if not is_root() or config.user is not None:
        return None
    return 'framebus runs as root and need not: set another user in framebus.toml, such as user = "framebus"'


def _entry(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise PrivilegeError(
            f"user {name} does not exist on this machine; run: sudo adduser --system --group {name}"
        ) from None


def _make_for(user: pwd.struct_passwd, folder: Path) -> None:
    """Create a folder for the user. One that exists stays as it is: framebus.runtime.run_dir checks its owner."""
    if folder.exists():
        return
    umask = os.umask(0o022)  # so that the user can enter the parents
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
        os.chown(folder, user.pw_uid, user.pw_gid)
    except OSError as error:
        raise PrivilegeError(f"{folder} cannot be created for user {user.pw_name}: {error.strerror}") from None
    finally:
        os.umask(umask)
