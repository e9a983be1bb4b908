"""`framebus reload`: lets the running framebus apply its configuration; only processes whose part changed restart."""

import argparse
import sys

from framebus.commands import which_config
from framebus.config import load as configuration
from framebus.config.load import ConfigError
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE
from framebus.supervision.client import SupervisionError, ask

UNCHANGED = "nothing was changed"


def add(parser: argparse.ArgumentParser) -> None:
    """This command takes nothing of its own."""


def run(options: argparse.Namespace) -> int:
    """Check the configuration, let it be applied, and print what was done; returns the exit status."""
    try:
        file = which_config.locate(options.config)
        run_dir = which_config.run_dir_of(file) or configuration.load(file, keys=False).run_dir
        answer = ask(run_dir, "reload")
    except ConfigError as error:
        print(f"{error}\n{UNCHANGED}", file=sys.stderr)
        return EXIT_USAGE
    except SupervisionError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    if "mistakes" in answer:
        print("\n".join([*answer["mistakes"], UNCHANGED]), file=sys.stderr)
        return EXIT_USAGE
    print("\n".join(answer["sentences"]))
    return EXIT_OK
