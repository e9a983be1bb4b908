"""`framebus token add|list|remove`: let a thing in, such as a dashboard or a script, by a token that it shows."""

import argparse
import json
import sys
import time

from framebus.commands.passwd import NOBODY_LEFT, add_rights, check, rights
from framebus.config.load import Config, ConfigError, load
from framebus.credentials import accounts
from framebus.credentials.accounts import Token, new_token, token_hash
from framebus.credentials.secrets_file import SecretsError
from framebus.credentials.token_usage import last_used
from framebus.errors import UsageError
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE, add_config

DEFAULT_SCOPES = ("view", "snapshot")


def add(parser: argparse.ArgumentParser) -> None:
    """What to do, and to which token."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    making = actions.add_parser("add", help="make a token; it is shown once")
    making.add_argument("name", metavar="NAME", help="what the token is for")
    add_rights(making, " and ".join(DEFAULT_SCOPES))
    listing = actions.add_parser("list", help="list them, and when each was used last")
    listing.add_argument("--json", action="store_true", help="as JSON")
    removing = actions.add_parser("remove", help="accept a token no more")
    removing.add_argument("name", metavar="NAME")
    for action in (making, listing, removing):
        add_config(action, default=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Change or show what is in the secrets file."""
    try:
        config = load(options.config, keys=False)
        {"add": make, "list": show, "remove": remove}[options.action](config, options)
    except (ConfigError, UsageError) as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except SecretsError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    return EXIT_OK


def make(config: Config, options: argparse.Namespace) -> None:
    """Raises UsageError, SecretsError."""
    check(config, options.name, options.camera)
    token = new_token()
    scopes = tuple(options.scope or DEFAULT_SCOPES)
    cameras = tuple(options.camera) if options.camera else None
    with accounts.changing(config.secrets) as everybody:
        if options.name in everybody.tokens:
            raise UsageError(f"there is a token {options.name} already; remove it first, or choose another name")
        everybody.tokens[options.name] = Token(token_hash(token), round(time.time()), scopes, cameras)
    print(token, flush=True)  # before the sentence, where both go to one file
    print(f"That is token {options.name}, for {rights(scopes, cameras)}. It is not shown again.", file=sys.stderr)


def show(config: Config, options: argparse.Namespace) -> None:
    """Raises SecretsError."""
    tokens = accounts.read(config.secrets).tokens
    used = last_used(config.state_dir)
    if options.json:
        rows = {
            name: {"scopes": token.scopes, "cameras": token.cameras, "created": token.created}
            for name, token in tokens.items()
        }
        print(json.dumps({name: {**row, "used": used.get(name)} for name, row in rows.items()}, indent=1))
        return
    for name, token in tokens.items():
        last = f"last used {day(used[name])}" if name in used else "not used yet"
        print(f"{name}\t{rights(token.scopes, token.cameras)}\tmade {day(token.created)}\t{last}")


def remove(config: Config, options: argparse.Namespace) -> None:
    """Raises UsageError, SecretsError."""
    with accounts.changing(config.secrets) as everybody:
        if everybody.tokens.pop(options.name, None) is None:
            raise UsageError(f"there is no token {options.name[:80]}; there is {', '.join(everybody.tokens) or 'none'}")
        left = bool(everybody)
    print(f"token {options.name} is accepted no more{'' if left else NOBODY_LEFT.format(config.secrets)}")


def day(seconds: float) -> str:
    """A moment in local time."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
