"""The exit status of the commands that change accounts."""

from pathlib import Path

import pytest

from framebus.commands.change_accounts import change_accounts
from framebus.config.load import Config, ConfigError
from framebus.credentials.secrets_file import SecretsError
from framebus.errors import UsageError
from framebus.runtime.privileges import PrivilegeError
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE
from tests.conftest import Configure


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConfigError(["no"]), EXIT_USAGE),
        (UsageError("no"), EXIT_USAGE),
        (SecretsError("no"), EXIT_FAILED),
        (PrivilegeError("no"), EXIT_FAILED),
    ],
)
def test_a_failure_is_printed_and_decides_the_exit_status(
    error: Exception, status: int, configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_config: Config) -> None:
        raise error

    assert change_accounts(str(configure().path), fail) == status
    assert capsys.readouterr().err == "no\n"


def test_the_configuration_is_passed_on(configure: Configure) -> None:
    config = configure()
    secrets: list[Path] = []
    assert change_accounts(str(config.path), lambda loaded: secrets.append(loaded.secrets)) == EXIT_OK
    assert secrets == [config.secrets]
