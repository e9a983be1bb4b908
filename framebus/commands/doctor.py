"""`framebus doctor`: finds what is wrong on this machine, and says what to do about it."""

import argparse
import os
import sys
from pathlib import Path

import msgspec

import framebus
from framebus.commands import which_config
from framebus.commands.diagnostics import examine
from framebus.commands.findings import Finding, Level
from framebus.config import running_copy
from framebus.config.load import Config, ConfigError, default_run_dir, load
from framebus.runtime.privileges import PrivilegeError, become, drop_privileges, is_root, service_owner, warn
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE

MARKS = {"ok": "ok   ", "note": "note ", "wrong": "WRONG"}


def add(parser: argparse.ArgumentParser) -> None:
    """This command has no arguments of its own: it checks everything."""


def run(options: argparse.Namespace) -> int:
    """Print a line for each finding; the status is 1 if something is wrong."""
    try:
        path = which_config.locate(options.config)
        path = path and Path(which_config.shown(path))  # the full one: another user cannot see this folder, perhaps
        config, mistakes = read(path)
        as_root = warn(config) if service_of(config) is None else None
        config = as_service(config, path)
    except (ConfigError, PrivilegeError) as error:
        print(f"{MARKS['wrong']} the configuration cannot be used:\n{error}", file=sys.stderr)
        return EXIT_USAGE
    where = config.path or "the built-in defaults, as there is no framebus.toml"
    print(line(Finding("ok", f"configuration: {where}")), flush=True)
    wrong = 0
    for mistake in mistakes:
        level: Level = "note" if mistake == running_copy.USED_INSTEAD else "wrong"
        print(line(Finding(level, mistake)), flush=True)
        wrong += level == "wrong"
    if as_root is not None:
        print(line(Finding("note", as_root)), flush=True)
    for finding in examine(config, cameras=not mistakes):
        print(line(finding), flush=True)
        wrong += finding.level == "wrong"
    print(f"\n{wrong or 'No'} {'problem' if wrong == 1 else 'problems'} found.")
    return EXIT_FAILED if wrong else EXIT_OK


def read(path: Path | None) -> tuple[Config, list[str]]:
    """Read the configuration.

    Returns:
        The configuration, and the mistakes that concern the secrets file alone; or that of the running framebus, and
        all mistakes of the file.

    Raises:
        ConfigError: It has other mistakes, and no framebus runs with an earlier version of it.
    """
    try:
        return load(path), []
    except ConfigError as error:
        try:
            return load(path, keys=False), error.mistakes
        except ConfigError:
            running = running_copy.of(path, keys=False)
            if running is None:
                raise error from None
            return running, [*error.mistakes, running_copy.USED_INSTEAD]


def service_of(config: Config) -> which_config.Supervisor | tuple[int, int] | None:
    """Who runs framebus with this configuration, if root asks and that is another user."""
    if not is_root() or config.user is not None:
        return None
    running = which_config.running_with(config.path)
    if running:  # whoever its folders belonged to earlier
        return next((one for one in running if one.uid != 0), None)
    return service_owner(config)


def as_service(config: Config, path: Path | None) -> Config:
    """Become the user that runs framebus, so that the checks see what that user sees.

    Returns:
        The configuration as that user reads it.

    Raises:
        ConfigError: That user cannot read the configuration.
        PrivilegeError: There is no such user, or that user cannot run this program.
    """
    was_root = is_root()
    config = drop_privileges(config, lambda: read(path)[0])
    match service_of(config):
        case which_config.Supervisor() as running:
            become(running.uid, running.groups)
            config = with_run_dir(read(path)[0], running.run_dir)
        case (int(uid), _):
            become(uid)
            config = read(path)[0]
    if was_root and not is_root():
        check_runnable()
    return config


def check_runnable() -> None:
    """Check that this user can read this program, unlike one in another user's home. Raises PrivilegeError."""
    for file in (framebus.__file__, os.__file__):
        if not os.access(file, os.R_OK):
            raise PrivilegeError(
                f"the user that framebus runs as ({os.environ.get('USER', os.getuid())}) cannot read {file}; "
                "run the framebus that was installed for all users: sudo framebus doctor"
            )


def with_run_dir(config: Config, run_dir: Path) -> Config:
    """The configuration with the run_dir of a running framebus, where the file sets none: it depends on the session."""
    default = Path(default_run_dir())
    if config.run_dir != default:
        return config
    state_dir = run_dir if config.state_dir == default else config.state_dir
    return msgspec.structs.replace(config, run_dir=run_dir, state_dir=state_dir)


def line(finding: Finding) -> str:
    """Format a finding, with what to do below it."""
    advice = f"\n      → {finding.advice}" if finding.advice else ""
    return f"{MARKS[finding.level]} {finding.text}{advice}"
