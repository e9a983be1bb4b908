"""Finds the configuration that a command works on, and says which one it is.

A command of an ordinary user works on the framebus in the current folder, else on the one that this user runs, else on
the service. A command of root, such as with sudo, works on the service: on the configuration in /etc/framebus, else on
the framebus that runs. What was named with --config or in the environment comes first in both cases.

Root writes what a configuration names. Any user can start a process that looks like a supervisor, so root takes the
configuration only from a supervisor of root itself, or of the user who ran sudo.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from framebus.config import load as configuration
from framebus.config import running_copy
from framebus.config.load import ENVIRONMENT, FILE_NAME, SYSTEM_FILE, SYSTEM_STATE_DIR, Config, ConfigError
from framebus.runtime.privileges import PrivilegeError, is_root, service_owner
from framebus.settings.config_file import ConfigFile
from framebus.supervision import SUPERVISORD

PROC = Path("/proc")
ORIGINAL = "FRAMEBUS_ORIGINAL_CONFIG"
"""The configuration as it was named to `framebus up`, where its processes read a copy; empty without a file."""


@dataclass(frozen=True, slots=True)
class Supervisor:
    """A running `framebus up`, as far as this user may see it."""

    pid: int
    uid: int
    groups: tuple[int, ...]
    config: Path
    run_dir: Path


def supervisors(proc: Path = PROC) -> list[Supervisor]:
    """Find each running `framebus up` that has a configuration file; an ordinary user sees only their own."""
    folders = (folder for folder in proc.iterdir() if folder.name.isdecimal())
    return [supervisor for folder in folders for supervisor in _supervisor(folder, proc)]


def locate(named: str | None, proc: Path = PROC, system_file: Path | None = None) -> Path | None:
    """Find the configuration file of a command.

    Args:
        named: What --config says; None if it was not given.
        proc: Where procfs is mounted.
        system_file: The configuration of the service; None for SYSTEM_FILE.

    Returns:
        The file; None if there is none and the defaults hold.

    Raises:
        ConfigError: Several framebus run, and nothing tells which one is meant; or root would take the configuration
            from the framebus of another user.
    """
    system_file = system_file or SYSTEM_FILE
    given = named or os.environ.get(ENVIRONMENT)
    if given:
        return Path(given)
    here = Path(FILE_NAME)
    if not is_root() and os.path.exists(here):  # unlike Path.exists, False where the folder cannot be read
        return here
    if is_root() and os.path.exists(system_file):
        return system_file
    found = supervisors(proc)
    if is_root():
        trusted = [one for one in found if one.uid in _trusted_by_root()]
        if found and not trusted:
            raise ConfigError([_of_another_user(found[0])])
        found = trusted
    running = sorted({supervisor.config for supervisor in found})
    own = _absolute(here)
    for file in (own, system_file):
        if file in running:
            return file
    if len(running) > 1 and os.path.exists(here):
        return here
    if len(running) > 1:
        files = ", ".join(map(str, running))
        raise ConfigError([f"several framebus run here; name the configuration of one with --config: {files}"])
    candidates = (*running, system_file, here)
    return next((file for file in candidates if os.path.exists(file)), None)


def _trusted_by_root() -> set[int]:
    """The users whose processes may name a configuration to root."""
    who = os.environ.get("SUDO_UID", "")
    return {0, int(who)} if who.isdecimal() else {0}


def _of_another_user(one: Supervisor) -> str:
    return f"the framebus that runs here is of user {one.uid}; name its configuration with --config: {one.config}"


def load(named: str | None, *, keys: bool = False, secrets: bool = False) -> Config:
    """Read the configuration that a command works on, and name it on stderr unless --config did.

    Args:
        named: What --config says; None if it was not given.
        keys: Whether to check that the secrets file has the users and keys that the configuration takes. The default
            serves users who may read the configuration but not the secrets.
        secrets: Whether the command reads or writes the secrets file. It is named too then.

    Where the file was changed since framebus started and has mistakes now, the running configuration is used.

    Raises:
        ConfigError: The configuration cannot be used.
    """
    file = locate(named)
    if file is None and secrets and _absolute(Path()) is None:
        raise ConfigError(["the current folder was deleted; change to another one, or name a file with --config"])
    config = running_copy.load(file, keys=keys)
    if not named:
        announce(config, secrets=secrets)
    return config


def announce(config: Config, *, secrets: bool) -> None:
    """Name the files on stderr: stdout is for what the command was asked for."""
    file = "built-in defaults, as there is no framebus.toml" if config.path is None else shown(config.path)
    print(f"configuration: {file}" + (f"; secrets: {config.secrets}" if secrets else ""), file=sys.stderr)


def shown(file: Path) -> str:
    """The full path of a file, as far as it can be told."""
    return str(_absolute(file) or file)


def _absolute(file: Path) -> Path | None:
    """The full path; None if it is relative to a folder that was deleted."""
    try:
        return Path(os.path.abspath(file))
    except OSError:
        return None


def _supervisor(folder: Path, proc: Path) -> Iterator[Supervisor]:
    """The process of this folder of procfs, if it is a supervisor and not one in a container."""
    try:
        if SUPERVISORD.encode() not in (folder / "cmdline").read_bytes().split(b"\0"):
            return
        if os.readlink(folder / "ns" / "pid") != os.readlink(proc / "self" / "ns" / "pid"):
            return
        if not os.path.basename(os.readlink(folder / "exe")).startswith("python"):
            return  # such as `su framebus.supervision`: a program of another user that runs as root
        entries = (folder / "environ").read_bytes().split(b"\0")
        status = (folder / "status").read_text().splitlines()
    except OSError:  # it has ended, or belongs to another user
        return
    environment = dict(os.fsdecode(entry).partition("=")[::2] for entry in entries)
    values = {key: words.split() for key, _, words in (line.partition(":") for line in status)}
    config = environment.get(ORIGINAL, environment.get(ENVIRONMENT))
    if config and "FRAMEBUS_RUN_DIR" in environment:
        yield Supervisor(
            int(folder.name),
            int(values["Uid"][1]),
            tuple(map(int, values["Groups"])),
            Path(config),
            Path(environment["FRAMEBUS_RUN_DIR"]),
        )


def run_dir_of(file: Path | None) -> Path | None:
    """The run_dir of the framebus that runs with this file; None if this user sees none."""
    return next((found.run_dir for found in running_with(file)), None)


def file_of(config: Config) -> ConfigFile:
    """The file of a configuration, which the framebus that runs with it applies when it is changed."""
    run_dir = run_dir_of(config.path) if config.path is not None else None
    return ConfigFile(config.path, run_dir or config.run_dir)


def running_with(file: Path | None, proc: Path = PROC, system_file: Path | None = None) -> list[Supervisor]:
    """Find the framebus that run with a file; for root, those of users who have a say in that file's framebus.

    Any user can start what looks like a supervisor with this file: root would show what it answers, or become its user.

    Args:
        file: The configuration.
        proc: Where procfs is mounted.
        system_file: The configuration of the service; None for SYSTEM_FILE.
    """
    path = _absolute(file) if file is not None else None
    found = [one for one in supervisors(proc) if one.config == path]
    if path is None or not is_root():
        return found
    folder = Path(SYSTEM_STATE_DIR) if path == (system_file or SYSTEM_FILE) else None
    trusted = _trusted_by_root() | _owner(path) | _owner(folder) | _service_owner(path)
    return [one for one in found if one.uid in trusted]


def _owner(path: Path | None) -> set[int]:
    try:
        return {path.stat().st_uid} if path is not None else set()
    except OSError:
        return set()


def _service_owner(path: Path) -> set[int]:
    """Who owns the folders that a configuration names; nobody where it has mistakes."""
    try:
        owner = service_owner(configuration.load(path, keys=False))
    except (ConfigError, PrivilegeError):
        return set()
    return {owner[0]} if owner is not None else set()
