"""Writes the files in run_dir that the processes and supervisord start from; framebus.supervision.files names them."""

from pathlib import Path

from framebus.config import load as configuration
from framebus.config.checked_copy import Original, copy_of
from framebus.config.load import Config
from framebus.runtime.atomic_write import PRIVATE, write_atomically
from framebus.runtime.run_dir import RunDirError
from framebus.supervision.files import Files
from framebus.supervision.programs import programs

IN_SUPERVISORD_CONF = ("gateway", "snapshot")

GROUP_SECTION = """\
; Rewritten by `framebus up` and `framebus reload`, from framebus.toml. One group: supervisord stops a group at once,
; groups in turn.
[group:framebus]
programs = {programs}
"""
PROGRAM_SECTION = """
[program:{name}]
command = "%(ENV_FRAMEBUS_PYTHON)s" -P -S "%(ENV_FRAMEBUS_LAUNCHER)s" {option} {arguments}
autorestart = true
startsecs = 0
startretries = 1000000
stopwaitsecs = 3
killasgroup = true
redirect_stderr = true
stdout_logfile = /dev/fd/1
stdout_logfile_maxbytes = 0
"""

PROGRAM_OF_THE_USER = """\
stopasgroup = true
environment = {environment}
"""
"""A script, for example, does not pass SIGTERM on to what it has started."""


def write(config: Config, files: Files) -> Config:
    """Write both for this configuration.

    Returns:
        The configuration as it is in the copy.

    Raises:
        RunDirError: They cannot be written.
        ConfigError: The file was changed meanwhile and has mistakes now.
    """
    copied = write_copy(config, files.copy)
    write_cameras(copied, files.cameras)
    return copied


def write_copy(config: Config, copy: Path) -> Config:
    """Write the copy of the configuration that the processes read. Returns and raises as `write` does."""
    folder = config.path.absolute().parent if config.path else Path.cwd()
    original = Original(config.path and config.path.absolute(), folder)
    content = configuration.read_text(config.path).encode() if config.path else b""
    try:
        write_atomically(copy, copy_of(content, original), PRIVATE)
    except OSError as error:
        raise RunDirError(f"cannot write {copy}: {error.strerror}") from None
    checked = configuration.load(copy)
    if checked.run_dir != config.run_dir:
        raise RunDirError(f"{config.path} was changed while framebus read it; start framebus again")
    return checked


def write_cameras(config: Config, file: Path) -> None:
    """Say to supervisord which cameras there are, which gateways beside the first, and which programs of the user's.

    Raises RunDirError when the file cannot be written.
    """
    found = programs(config)
    sections = [
        PROGRAM_SECTION.format(name=name, option=program.option, arguments=program.arguments)
        + (PROGRAM_OF_THE_USER.format(environment=program.environment) if program.environment else "")
        for name, program in found.items()
        if name not in IN_SUPERVISORD_CONF
    ]
    try:
        write_atomically(file, (GROUP_SECTION.format(programs=",".join(found)) + "".join(sections)).encode(), PRIVATE)
    except OSError as error:
        raise RunDirError(f"cannot write {file}: {error.strerror}") from None
