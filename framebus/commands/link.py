"""`framebus link`: a link that logs a device in once, as a user or for some cameras only, with its QR code."""

import argparse
import sys
import time

from framebus.commands.change_accounts import change_accounts
from framebus.commands.open import print_qr_code
from framebus.commands.passwd import add_rights, check, rights
from framebus.config.load import Config
from framebus.credentials import accounts, links
from framebus.credentials.accounts import Token, fingerprint, new_token, token_hash
from framebus.credentials.links import DEFAULT_MINUTES, MAX_MINUTES
from framebus.errors import UsageError
from framebus.runtime.own_addresses import own_addresses, pages_to_open
from framebus.runtime.privileges import service_owner

DEFAULT_SCOPES = ("view",)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: for whom, and for how long."""
    parser.add_argument("name", metavar="NAME", help="a user, or with --guest the name of a guest")
    parser.add_argument(
        "--guest", action="store_true", help="make a token of that name for the person who opens the link"
    )
    add_rights(parser, "view; for --guest only")
    parser.add_argument(
        "--minutes",
        type=float,
        default=DEFAULT_MINUTES,
        help=f"how long it can be opened (default: {DEFAULT_MINUTES:g}, at most {MAX_MINUTES:g})",
    )


def run(options: argparse.Namespace) -> int:
    """Make the link and print it; returns the exit status."""
    return change_accounts(options.config, lambda config: make(config, options))


def make(config: Config, options: argparse.Namespace) -> None:
    """Make the link and print it.

    Raises:
        UsageError: There is no such user, or the arguments cannot be used.
        SecretsError: The link cannot be stored.
    """
    check(config, options.name, options.camera)
    if not 0 < options.minutes <= MAX_MINUTES:
        raise UsageError(f"--minutes: found {options.minutes:g}; allowed: more than 0 and at most {MAX_MINUTES:g}")
    owner = service_owner(config)
    if options.guest:
        scopes = tuple(options.scope or DEFAULT_SCOPES)
        stored = guest(config, options.name, scopes, tuple(options.camera) if options.camera else None)
    else:
        if options.scope or options.camera:
            raise UsageError("--scope and --camera are for a guest: add --guest; `framebus passwd` changes a user")
        users = accounts.read(config.secrets).users
        if options.name not in users:
            known = ", ".join(users) or "none"
            raise UsageError(f"there is no user {options.name}; there is {known}; for a guest, add --guest")
        stored = users[options.name].scrypt
    kind: links.Kind = "token" if options.guest else "user"
    secret = links.make(config.state_dir, kind, options.name, fingerprint(stored), minutes=options.minutes, owner=owner)
    show(config, secret, options.minutes)


def guest(config: Config, name: str, scopes: tuple[accounts.Scope, ...], cameras: tuple[str, ...] | None) -> str:
    """Make the token of a guest, or take the one that is there if it has the same rights; returns what is stored of it.

    Raises:
        UsageError: There is one with other rights.
    """
    with accounts.changing(config.secrets, service_owner(config)) as changed:
        found = changed.tokens.get(name)
        if found is None:
            found = Token(token_hash(new_token()), round(time.time()), scopes, cameras)
            changed.tokens[name] = found
        elif (found.scopes, found.cameras) != (scopes, cameras):
            raise UsageError(
                f"there is a token {name} already, for {rights(found.scopes, found.cameras)}; choose another name"
            )
    return found.sha256


def show(config: Config, secret: str, minutes: float) -> None:
    """Print the link, and as a QR code, because not every phone resolves NAME.local."""
    listen = config.gateway.listen
    pages = pages_to_open(listen, config.gateway.tls_cert is not None, own_addresses())
    for page in pages:
        print(f"{page}link/{secret}")
    print(f"It can be opened once, within {minutes:g} minutes.", file=sys.stderr)
    if listen.is_loopback:
        print("Only this machine can open it; to open framebus to your network, run: framebus open", file=sys.stderr)
    else:
        print_qr_code(f"{pages[-1]}link/{secret}")
