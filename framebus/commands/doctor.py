"""`framebus doctor`: what is wrong with this machine and what to do about it, in plain words."""

import argparse
import sys

from framebus.commands.diagnostics import Finding, examine
from framebus.config.load import ConfigError, load
from framebus.runtime.privileges import PrivilegeError, let_go, warn
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE

MARKS = {"ok": "ok   ", "note": "note ", "wrong": "WRONG"}


def add(parser: argparse.ArgumentParser) -> None:
    """Nothing: it looks at everything."""


def run(options: argparse.Namespace) -> int:
    """Print a line for each finding, as it is found; the status is 1 where something is wrong."""
    try:
        config = let_go(load(options.config), lambda: load(options.config))
    except (ConfigError, PrivilegeError) as error:
        print(f"{MARKS['wrong']} the configuration cannot be used:\n{error}", file=sys.stderr)
        return EXIT_USAGE
    where = config.path or "the built-in defaults, as there is no framebus.toml"
    print(line(Finding("ok", f"configuration: {where}")), flush=True)
    as_root = warn(config)
    if as_root is not None:
        print(line(Finding("note", as_root)), flush=True)
    wrong = 0
    for finding in examine(config):
        print(line(finding), flush=True)
        wrong += finding.level == "wrong"
    print(f"\n{wrong} of these are wrong." if wrong else "\nNothing is wrong.")
    return EXIT_FAILED if wrong else EXIT_OK


def line(finding: Finding) -> str:
    """The finding, and what to do below it."""
    advice = f"\n      → {finding.advice}" if finding.advice else ""
    return f"{MARKS[finding.level]} {finding.text}{advice}"
