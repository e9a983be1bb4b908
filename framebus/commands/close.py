"""`framebus close`: lets only this machine watch again. Users stay."""

import argparse
import sys

from framebus.commands import which_config
from framebus.commands.open import change
from framebus.config.address import Address
from framebus.config.load import ConfigError
from framebus.errors import UsageError
from framebus.installation import avahi
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE
from framebus.supervision.client import SupervisionError


def add(parser: argparse.ArgumentParser) -> None:
    """This command takes nothing of its own."""


def run(options: argparse.Namespace) -> int:
    """Let the gateway listen on this machine only; returns the exit status."""
    try:
        config = which_config.load(options.config)
        for line in change(config, Address("127.0.0.1", config.gateway.listen.port)):
            print(line)
        avahi.silence()
    except (ConfigError, UsageError) as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except SupervisionError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    return EXIT_OK
