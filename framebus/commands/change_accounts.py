"""What `framebus passwd` and `framebus token` have in common: they read or change the secrets file as its owner."""

import sys
from collections.abc import Callable

from framebus.commands import which_config
from framebus.config.load import Config, ConfigError
from framebus.credentials.secrets_file import SecretsError
from framebus.errors import UsageError
from framebus.runtime.privileges import PrivilegeError
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE


def change_accounts(config_path: str | None, change: Callable[[Config], None]) -> int:
    """Load the configuration, call `change`, and print the reason on stderr if that fails.

    Args:
        config_path: the configuration file that the user names, if any.
        change: reads or changes the secrets file.

    Returns:
        The exit status of the command.
    """
    try:
        change(which_config.load(config_path, secrets=True))
    except (ConfigError, UsageError) as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except (SecretsError, PrivilegeError) as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    return EXIT_OK
