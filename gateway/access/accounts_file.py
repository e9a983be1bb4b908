"""The current people and tokens: the secrets file, read again whenever it has changed."""

import logging
from pathlib import Path

import msgspec

from framebus.credentials import accounts, secrets_file
from framebus.credentials.accounts import Accounts
from framebus.credentials.secrets_file import SecretsError

logger = logging.getLogger("gateway")


class AccountsFile:
    """Checks at each use whether the file has changed, which takes microseconds."""

    def __init__(self, file: Path) -> None:
        """Raises SecretsError when the file cannot be used."""
        self._file = file
        self._signature = secrets_file.signature(file)
        self._accounts = accounts.read(file)

    @property
    def accounts(self) -> Accounts:
        """The accounts in the file; if it has become unusable, those that were in it last."""
        signature = secrets_file.signature(self._file)
        if signature != self._signature:
            self._signature = signature
            try:
                found = accounts.read(self._file)
                # A file that is gone, for a moment or for good, opens nothing.
                self._accounts = msgspec.structs.replace(found, asked_for=found.asked_for or self._accounts.asked_for)
                logger.info("%s has changed: %s", self._file, _counted(self._accounts))
            except SecretsError as error:
                logger.warning("%s; what was in it before stays in force", error)
        return self._accounts


def _counted(found: Accounts) -> str:
    return f"{len(found.users)} people and {len(found.tokens)} tokens"
