"""`sudo framebus install`: makes framebus a service of this machine that starts at each boot."""

import argparse
import contextlib
import os
import sys
from functools import partial
from pathlib import Path

from framebus.commands.config import sample
from framebus.config import load as configuration
from framebus.config.load import SYSTEM_FILE, ConfigError
from framebus.installation import machine, program, texts
from framebus.installation.lock import locked
from framebus.installation.step import InstallationError, Step, carry_out
from framebus.runtime.privileges import is_root
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE

PACKAGE = Path(__file__).parents[1]
OF_THE_DEBIAN_PACKAGE = Path("/usr/lib/python3/dist-packages/framebus")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the argument: only to say what would be done."""
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")


def run(options: argparse.Namespace) -> int:
    """Install the service; returns the exit status."""
    if refused := refusal("install", dry_run=options.dry_run):
        print(refused, file=sys.stderr)
        return EXIT_USAGE
    os.umask(0o022)
    if mistakes := mistakes_of(SYSTEM_FILE):
        print("\n".join([*mistakes, "nothing was changed"]), file=sys.stderr)
        return EXIT_USAGE
    try:
        with contextlib.nullcontext() if options.dry_run else locked():
            carry_out(steps(), partial(print, flush=True), dry_run=options.dry_run, after_undo=what_systemd_knows())
            if not options.dry_run:  # within the lock: a second installation may need its own for its undo
                program.forget_old()
    except InstallationError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    if program.is_the_copy():
        print(f"This is the copy in {program.FOLDER}. To update it, run `install` with the framebus that you updated.")
    if not options.dry_run:
        print(after())
    return EXIT_OK


def mistakes_of(file: Path) -> list[str]:
    """Why a service would not start with the configuration that is there: the one that runs would be stopped for it."""
    try:
        if file.exists():
            configuration.load(file, keys=False)
    except ConfigError as error:
        return error.mistakes
    return []


def refusal(name: str, *, dry_run: bool) -> str:
    """Why the service cannot be changed; empty if it can."""
    if PACKAGE == OF_THE_DEBIAN_PACKAGE:
        return "framebus is installed by its Debian package, which has installed the service as well"
    if not dry_run and not is_root():
        return f"only root can do this; run: sudo framebus {name}"
    return ""


def steps() -> list[Step]:
    """The steps in their order; what each is about depends on this machine."""
    python = program.python()
    unit = texts.unit(texts.packaged(texts.UNIT_NAME, PACKAGE).read_text(), python, machine.groups())
    config = texts.configuration(sample().read_text())
    command = texts.command(python)
    groups = f" in the groups {', '.join(machine.groups())}" if machine.groups() else ""
    found = []
    if program.has_to_be_copied():
        found.append(Step(f"copy framebus to {program.FOLDER}", program.is_copied, program.copy))
    found += [
        Step(f"create user {machine.USER}{groups}", machine.has_user, machine.make_user),
        Step(
            f"create {machine.STATE_DIR} for that user alone",
            lambda: machine.has_folder(machine.STATE_DIR, machine.USER, 0o700),
            lambda: machine.make_folder(machine.STATE_DIR, machine.USER, 0o700),
        ),
        Step(
            f"write {SYSTEM_FILE}, which only root and that user can read",
            machine.has_private_config,
            lambda: machine.make_config(config),
        ),
        Step(
            f"write {machine.COMMAND}",
            lambda: machine.has_file(machine.COMMAND, command, 0o755),
            lambda: machine.make_file(machine.COMMAND, command, 0o755),
        ),
        Step(
            f"write {machine.UNIT}",
            lambda: machine.has_file(machine.UNIT, unit, 0o644),
            lambda: machine.make_file(machine.UNIT, unit, 0o644),
        ),
        *(_settings_step(file, python) for file in (machine.SETTINGS_UNIT, machine.SOCKET_UNIT)),
        Step("start framebus at each boot", lambda: machine.links() == list(machine.LINKS), machine.enable),
    ]
    if machine.systemd_runs():
        found.append(Step("start framebus", lambda: False, machine.start))
    return found


def _settings_step(file: Path, python: str) -> Step:
    """The step that writes a unit by which the page changes the configuration."""
    unit = texts.settings_unit(texts.packaged(file.name, PACKAGE).read_text(), python)
    return Step(
        f"write {file}", lambda: machine.has_file(file, unit, 0o644), lambda: machine.make_file(file, unit, 0o644)
    )


def what_systemd_knows() -> Step | None:
    """What follows when the steps were undone, with the service as it is before they are done; None without systemd."""
    if not machine.systemd_runs():
        return None
    was_active = machine.is_active()

    def do() -> None:
        machine.take_up_again(was_active=was_active)

    return Step("start framebus as before" if was_active else "tell systemd", lambda: False, do)


def after() -> str:
    """What to do next."""
    started = "" if machine.systemd_runs() else "systemd does not run here: framebus starts at the next boot.\n"
    return (
        f"{started}Only this machine can watch. To watch from your phone, run: sudo framebus open\n"
        "To see what runs, run: sudo framebus status"
    )
