"""The checks of `framebus doctor` for files: their permissions, and whether framebus can write them."""

import grp
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from framebus.commands.findings import Finding
from framebus.config.load import Config
from framebus.credentials import accounts, curve_keys, secrets_file
from framebus.credentials.secrets_file import SecretsError

PASSWORD_KEYS = re.compile(r"pass|pwd|token|secret|auth|key", re.I)
"""Names of parameters of a camera's URL that hold a password, such as usr and pwd of many IP cameras."""


def configuration(config: Config) -> Iterator[Finding]:
    """Whether others can read the passwords of cameras in the configuration."""
    if config.path is None:
        return
    try:
        status = config.path.stat()
    except OSError as error:
        yield Finding("wrong", f"{config.path} cannot be read: {error.strerror}")
        return
    cameras = [name for name, camera in config.cameras.items() if holds_password(str(camera.source))]
    if cameras and status.st_mode & 0o007:
        mode = f"{stat.S_IMODE(status.st_mode):04o}"
        text = f"{config.path} holds a password (camera {', '.join(cameras)}), and all users can read it (mode {mode})"
        yield Finding("wrong", text, f"run: {closing_command(config.path, status)}")


def holds_password(source: str) -> bool:
    """Whether a source is a URL with a password, or with a parameter that looks like one."""
    try:
        url = urlsplit(source)
        parameters = parse_qsl(url.query)
    except ValueError:
        return True  # a URL that cannot be taken apart may hold one
    if not url.scheme or "://" not in source:
        return False
    return "@" in url.netloc or any(PASSWORD_KEYS.search(key) and value for key, value in parameters)


def closing_command(path: Path, status: os.stat_result) -> str:
    """The command that closes a file to others, and keeps it readable for the user that runs framebus."""
    if status.st_uid == os.geteuid() or status.st_gid in {os.getegid(), *os.getgroups()}:
        sudo = "" if status.st_uid == os.geteuid() else "sudo "
        return f"{sudo}chmod 640 {path}"
    return f"sudo chgrp {_group_name(os.getegid())} {path} && sudo chmod 640 {path}"


def _group_name(gid: int) -> str:
    """The name of a group, else its number: in a container it may have no name."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def secrets(config: Config) -> Iterator[Finding]:
    """Whether the secrets file can be read and changed."""
    try:
        found = accounts.read(config.secrets)
        curve_keys.read(config.secrets)
    except SecretsError as error:
        yield Finding("wrong", str(error))
        return
    try:
        secrets_file.check_writable(config.secrets)
    except SecretsError as error:
        advice = (
            "`framebus passwd`, `framebus token` and `framebus keys` need to write there, with sudo or as its owner"
        )
        yield Finding("wrong", str(error), advice)
        return
    content = (
        f"{len(found.users)} users and {len(found.tokens)} tokens" if config.secrets.exists() else "no such file yet"
    )
    yield Finding("ok", f"secrets: {config.secrets}, {content}")


def state(config: Config) -> Iterator[Finding]:
    """Whether framebus can store what shall outlive a restart."""
    folder = existing(config.state_dir)
    if not folder.is_dir():
        yield Finding("wrong", f"state_dir {config.state_dir}: {folder} is not a folder", "set another state_dir")
        return
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        yield Finding(
            "wrong",
            f"state_dir {config.state_dir} cannot be written: {error.strerror}",
            f"give it to the user that runs framebus (sudo chown {os.geteuid()} {folder}), or set another state_dir",
        )


def existing(path: Path) -> Path:
    """The path itself, or the nearest of its parents that exists."""
    return next((candidate for candidate in (path, *path.parents) if os.path.lexists(candidate)), Path("/"))
