"""The current users and tokens: the secrets file, read again whenever it has changed."""

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
                content = accounts.read(self._file)
                # A missing file must not open the gateway.
                self._accounts = msgspec.structs.replace(
                    content, login_required=content.login_required or self._accounts.login_required
                )
                logger.info("%s has changed: %s", self._file, _counted(self._accounts))
            except SecretsError as error:
                logger.warning("%s; the previous accounts stay in use", error)
        return self._accounts


def _counted(content: Accounts) -> str:
    return f"{len(content.users)} users and {len(content.tokens)} tokens"
