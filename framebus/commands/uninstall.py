"""`sudo framebus uninstall`: removes what `framebus install` has made."""

import argparse
import contextlib
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from framebus.commands.install import refusal
from framebus.config.load import SYSTEM_FILE
from framebus.installation import avahi, machine, program
from framebus.installation.lock import locked
from framebus.installation.step import InstallationError, Step, carry_out
from framebus.installation.texts import MARK
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: to remove the configuration as well, and only to say what would be done."""
    parser.add_argument("--purge", action="store_true", help="remove the configuration, the state and the user, too")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")


def run(options: argparse.Namespace) -> int:
    """Remove the service; returns the exit status."""
    if refused := refusal("uninstall", dry_run=options.dry_run):
        print(refused, file=sys.stderr)
        return EXIT_USAGE
    try:
        with contextlib.nullcontext() if options.dry_run else locked():
            carry_out(steps(purge=options.purge), partial(print, flush=True), dry_run=options.dry_run)
    except InstallationError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    if not options.purge:
        print(f"{SYSTEM_FILE.parent}, {machine.STATE_DIR} and user {machine.USER} are left; --purge removes them, too")
    return EXIT_OK


def steps(*, purge: bool) -> list[Step]:
    """The steps in their order. None is undone: a removal that fails is tried again."""
    command = [machine.COMMAND] if MARK in _text(machine.COMMAND) else []
    found = [
        _removal("stop framebus", lambda: not machine.UNIT.exists(), machine.stop),
        _removal("start framebus no more at each boot", lambda: not machine.links(), machine.disable),
        _files("remove the service", [machine.UNIT, machine.SETTINGS_UNIT, machine.SOCKET_UNIT]),
        _files(f"remove {machine.COMMAND}", command),
    ]
    if (program.FOLDER / "copied-from").exists() or (program.FOLDER / "made-by-make-install").exists():
        found.append(_files(f"remove {program.FOLDER}", [program.FOLDER]))
    if purge:
        places = [SYSTEM_FILE.parent, machine.STATE_DIR, Path("/run/framebus"), *avahi.own_files()]
        found.append(_files(f"remove {SYSTEM_FILE.parent} and {machine.STATE_DIR}", places))
        found.append(_removal(f"remove user {machine.USER}", lambda: not machine.user_exists(), machine.remove_user))
    if machine.systemd_runs():
        found.append(_removal("tell systemd", lambda: False, lambda: machine.call("systemctl", "daemon-reload")))
    return found


def _removal(text: str, is_done: Callable[[], bool], do: Callable[[], None]) -> Step:
    return Step(text, is_done, lambda: do())


def _files(text: str, files: list[Path]) -> Step:
    return _removal(
        text, lambda: not any(file.exists() or file.is_symlink() for file in files), lambda: machine.remove(files)
    )


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""
