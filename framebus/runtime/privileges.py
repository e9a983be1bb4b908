"""Started as root, be somebody else: what reads cameras and answers strangers needs no power over the machine."""

import os
import pwd
from collections.abc import Callable
from pathlib import Path

from framebus.config.load import SYSTEM_STATE_DIR, Config, default_run_dir
from framebus.errors import FramebusError


class PrivilegeError(FramebusError):
    """Root cannot be let go of as the configuration wants it; the text says why and what to do."""


def is_root() -> bool:
    """Whether this process may do everything."""
    return os.geteuid() == 0


def let_go(config: Config, load: Callable[[], Config]) -> Config:
    """Become the configuration's `user` for good, with the groups that this one is in, such as video.

    Its folders are made first, where they are not there: below /run and /var/lib only root may. Returns the
    configuration as that user has it, read anew by `load`, as its run_dir may be another one. Where this process is not
    root, or there is no `user`, everything stays as it is. Raises PrivilegeError, and what `load` raises.
    """
    if config.user is None or not is_root():
        return config
    try:
        user = pwd.getpwnam(config.user)
    except KeyError:
        raise PrivilegeError(
            f"user {config.user} is not known here; run: sudo adduser --system --group {config.user}"
        ) from None
    if user.pw_uid == 0:
        raise PrivilegeError(f"user {config.user} is root by another name; allowed: one without its power")
    os.environ.setdefault("STATE_DIRECTORY", SYSTEM_STATE_DIR)  # the user may have no home folder
    config = load()
    for folder in {config.run_dir, config.state_dir} - {Path(default_run_dir())}:  # which is root's own
        _make_for(user, folder)
    os.initgroups(user.pw_name, user.pw_gid)
    os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
    os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
    os.environ.update(HOME=user.pw_dir, USER=user.pw_name, LOGNAME=user.pw_name)
    if os.environ.get("XDG_RUNTIME_DIR", "").endswith("/0"):  # that one was root's
        del os.environ["XDG_RUNTIME_DIR"]
    return load()


def warn(config: Config) -> str | None:
    """What to say to who runs everything as root, in a sentence; None where nobody does."""
    if not is_root() or config.user is not None:
        return None
    return 'framebus runs as root, which it need not: name another user in framebus.toml, such as user = "framebus"'


def _make_for(user: pwd.struct_passwd, folder: Path) -> None:
    """A folder that is there already is left as it is: whose it is, framebus.runtime.run_dir asks."""
    if folder.exists():
        return
    umask = os.umask(0o022)  # so that the user can pass through those above
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
        os.chown(folder, user.pw_uid, user.pw_gid)
    except OSError as error:
        raise PrivilegeError(f"{folder} cannot be made for user {user.pw_name}: {error.strerror}") from None
    finally:
        os.umask(umask)
