"""`framebus token add|list|remove`: the tokens with which programs such as dashboards and scripts get access."""

import argparse
import json
import sys
import time

from framebus.commands.change_accounts import change_accounts
from framebus.commands.passwd import LAST_ACCOUNT_REMOVED, add_rights, check, rights
from framebus.config.load import Config
from framebus.credentials import accounts
from framebus.credentials.accounts import Token, new_token, token_hash
from framebus.credentials.token_usage import last_used
from framebus.errors import UsageError
from framebus.runtime.command_line import add_config
from framebus.runtime.privileges import service_owner

DEFAULT_SCOPES = ("view", "snapshot")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the actions and their arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    adding = actions.add_parser("add", help="make a token and print it once")
    adding.add_argument("name", metavar="NAME", help="what the token is for")
    add_rights(adding, " and ".join(DEFAULT_SCOPES))
    listing = actions.add_parser("list", help="list the tokens and when each was last used")
    listing.add_argument("--json", action="store_true", help="as JSON")
    removing = actions.add_parser("remove", help="revoke a token")
    removing.add_argument("name", metavar="NAME")
    for action in (adding, listing, removing):
        add_config(action, default=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Change or list the tokens; returns the exit status."""
    action = {"add": make, "list": show, "remove": remove}[options.action]
    return change_accounts(options.config, lambda config: action(config, options))


def make(config: Config, options: argparse.Namespace) -> None:
    """Make a token and print it on stdout.

    Raises:
        UsageError: The name or a camera is not allowed, or the name is taken.
        SecretsError: The secrets file cannot be changed.
    """
    check(config, options.name, options.camera)
    token = new_token()
    scopes = tuple(options.scope or DEFAULT_SCOPES)
    cameras = tuple(options.camera) if options.camera else None
    with accounts.changing(config.secrets, service_owner(config)) as changed:
        if options.name in changed.tokens:
            raise UsageError(f"there is a token {options.name} already; remove it first, or choose another name")
        changed.tokens[options.name] = Token(token_hash(token), round(time.time()), scopes, cameras)
    print(token, flush=True)  # before the sentence, where both go to one file
    print(
        f"token {options.name}: {rights(scopes, cameras)}; {config.secrets} holds its hash. It is not shown again.",
        file=sys.stderr,
    )


def show(config: Config, options: argparse.Namespace) -> None:
    """List the tokens, without the tokens themselves.

    Raises:
        SecretsError: The secrets file cannot be read.
    """
    tokens = accounts.read(config.secrets).tokens
    used = last_used(config.state_dir)
    if options.json:
        rows = {
            name: {"scopes": token.scopes, "cameras": token.cameras, "created": token.created, "used": used.get(name)}
            for name, token in tokens.items()
        }
        print(json.dumps(rows, indent=1))
        return
    for name, token in tokens.items():
        use = f"last used {local_time(used[name])}" if name in used else "not used yet"
        print(f"{name}\t{rights(token.scopes, token.cameras)}\tcreated {local_time(token.created)}\t{use}")


def remove(config: Config, options: argparse.Namespace) -> None:
    """Revoke a token.

    Raises:
        UsageError: There is no such token.
        SecretsError: The secrets file cannot be changed.
    """
    with accounts.changing(config.secrets, service_owner(config)) as changed:
        if changed.tokens.pop(options.name, None) is None:
            raise UsageError(f"there is no token {options.name[:80]}; there is {', '.join(changed.tokens) or 'none'}")
        left = bool(changed)
    print(f"revoked token {options.name}{'' if left else LAST_ACCOUNT_REMOVED.format(config.secrets)}")


def local_time(seconds: float) -> str:
    """A moment in Unix seconds as date and time of this machine's zone."""
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
    except (OverflowError, ValueError, OSError):  # a damaged file
        return "at an unknown time"
