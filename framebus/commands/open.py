"""`framebus open`: lets a person watch from the network, and shows the address as a QR code for the phone."""

import argparse
import os
import sys
from collections.abc import Iterator

from framebus.commands import which_config
from framebus.commands.passwd import check, read_password
from framebus.config.address import Address
from framebus.config.edit import EditError, with_key
from framebus.config.load import Config, ConfigError
from framebus.credentials import accounts
from framebus.credentials.accounts import SCOPES, User
from framebus.credentials.passwords import hash_password
from framebus.credentials.secrets_file import SecretsError
from framebus.errors import UsageError
from framebus.installation import avahi
from framebus.runtime.own_addresses import own_addresses, pages_to_open
from framebus.runtime.privileges import PrivilegeError, service_owner
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE
from framebus.settings.settings_error import SettingsError
from framebus.supervision.client import SupervisionError

NO_QR_CODE = "For a QR code here, run: sudo apt install python3-segno"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: the user and the address."""
    parser.add_argument(
        "name", metavar="NAME", nargs="?", help="the user to add (default: asked for, if there is none)"
    )
    parser.add_argument("--listen", metavar="ADDRESS:PORT", help="where to listen (default: every address, same port)")
    parser.add_argument("--no-announce", action="store_true", help="do not let avahi announce the page in the network")


def run(options: argparse.Namespace) -> int:
    """Open the gateway to the network; returns the exit status."""
    try:
        config = which_config.load(options.config, secrets=True)
        address = wanted(config, options.listen)
        add_user(config, options.name)
        for line in change(config, address):
            print(line)
        if options.no_announce:
            avahi.silence()
        elif avahi.announce(address.port, encrypted=config.gateway.tls_cert is not None):
            print("avahi announces the page in the local network")
    except (ConfigError, UsageError) as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except (SecretsError, PrivilegeError, SupervisionError) as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    show(pages_to_open(address, config.gateway.tls_cert is not None, own_addresses()))
    return EXIT_OK


def wanted(config: Config, named: str | None) -> Address:
    """Return the address to listen on. Raises UsageError."""
    if named is not None:
        try:
            return Address.parse(named)
        except ValueError as error:
            raise UsageError(f"--listen: found {named[:80]!r}; allowed: {error}") from None
    listen = config.gateway.listen
    return Address("0.0.0.0", listen.port) if listen.is_loopback else listen


def add_user(config: Config, name: str | None) -> None:
    """Add the named user; without a name, ask for one if there are no users yet.

    Raises:
        UsageError: The name or the password cannot be used, or there is a user of that name.
        SecretsError: The secrets file cannot be read or written.
    """
    users = accounts.read(config.secrets).users
    if name is None and (users or config.gateway.allow_anonymous):
        print(f"users: {', '.join(users) or 'none; allow_anonymous lets everybody watch'}")
        return
    if name is None:
        name = ask_name()
    check(config, name, None)
    if name in users:
        raise UsageError(f"there is a user {name} already; to change the password, run: framebus passwd {name}")
    password = hash_password(read_password(name))
    with accounts.changing(config.secrets, service_owner(config)) as changed:
        changed.users[name] = User(password, SCOPES, None)
    print(f"{name} can log in; {config.secrets} holds a hash of the password")


def ask_name() -> str:
    """Ask for the name of the first user. Raises UsageError where the input is not a terminal."""
    if not sys.stdin.isatty():
        raise UsageError("name a user, who logs in with a password: framebus open NAME")
    suggested = os.environ.get("SUDO_USER") or os.environ.get("USER") or ""
    try:
        return input(f"Name of the user who may watch [{suggested}]: ").strip() or suggested
    except EOFError:
        raise UsageError("no name was entered; nothing was changed") from None


def change(config: Config, address: Address) -> Iterator[str]:
    """Let the gateway listen on an address: change the configuration, and apply it if framebus runs.

    Yields:
        One line for each thing that was done.

    Raises:
        UsageError: There is no configuration file, or it cannot be changed.
        ConfigError: framebus refuses the change; the file is unchanged.
        SupervisionError: The running framebus cannot be asked.
    """
    file = which_config.file_of(config)

    def edit(text: str) -> str:
        try:
            return with_key(text, "gateway", "listen", str(address))
        except EditError as error:
            advice = f'write listen = "{address}" into [gateway] yourself'
            raise UsageError(f"{file.path}: {error}; {advice}") from None

    try:
        before, after = file.write(edit)
        if after == before:
            yield f"{file.path}: the gateway listens on {address} already"
        else:
            yield f'{file.path}: listen = "{address}" in [gateway]'
        yield from file.apply(before, after)
    except SettingsError as error:
        raise UsageError(str(error)) from None


def show(pages: list[str]) -> None:
    """Print the addresses, and the last one as a QR code, because not every phone resolves NAME.local."""
    print(f"\nOpen {' or '.join(pages)}")
    print_qr_code(pages[-1])


def print_qr_code(url: str) -> None:
    """Print a QR code where the package for it is installed, else how to install that."""
    try:
        import segno
    except ImportError:
        print(NO_QR_CODE)
        return
    segno.make(url, micro=False).terminal(compact=True)
