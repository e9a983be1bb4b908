"""`framebus passwd NAME`: let a person in with a password, change it, or let the person in no more."""

import argparse
import getpass
import sys

from framebus.config.load import Config, ConfigError, load
from framebus.credentials import accounts
from framebus.credentials.accounts import NAME_ALLOWED, SCOPES, User
from framebus.credentials.passwords import MAX_PASSWORD, MIN_PASSWORD, PASSWORD_ALLOWED, hash_password
from framebus.credentials.secrets_file import SecretsError
from framebus.errors import UsageError
from framebus.protocol.unknown_camera import unknown_camera
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE

NOBODY_LEFT = ", and nobody is left: without {}, everybody on this machine would be"


def add(parser: argparse.ArgumentParser) -> None:
    """Who, and what they may."""
    parser.add_argument("name", metavar="NAME", nargs="?", help="a person; without one, all are listed")
    add_rights(parser, "all")
    parser.add_argument("--remove", action="store_true", help="let the person in no more")


def add_rights(parser: argparse.ArgumentParser, default: str) -> None:
    """What somebody may do, and with which cameras."""
    parser.add_argument("--scope", action="append", choices=SCOPES, help=f"what it may do (default: {default})")
    parser.add_argument("--camera", action="append", metavar="CAMERA", help="this camera alone (default: all cameras)")


def run(options: argparse.Namespace) -> int:
    """Change the secrets file."""
    try:
        config = load(options.config, keys=False)
        if options.name is None:
            for name, user in accounts.read(config.secrets).users.items():
                print(f"{name}\t{rights(user.scopes, user.cameras)}")
            return EXIT_OK
        check(config, options.name, options.camera)
        change(config, options)
    except (ConfigError, UsageError) as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except SecretsError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    return EXIT_OK


def change(config: Config, options: argparse.Namespace) -> None:
    """Raises UsageError, SecretsError."""
    if options.remove:
        with accounts.changing(config.secrets) as everybody:
            if everybody.users.pop(options.name, None) is None:
                raise UsageError(
                    f"there is no person {options.name}; there is {', '.join(everybody.users) or 'nobody'}"
                )
            left = bool(everybody)
        print(f"{options.name} is let in no more{'' if left else NOBODY_LEFT.format(config.secrets)}")
        return
    stored = hash_password(asked_for(options.name))
    with accounts.changing(config.secrets) as everybody:
        before = everybody.users.get(options.name)
        scopes = tuple(options.scope) if options.scope else before.scopes if before else SCOPES
        cameras = tuple(options.camera) if options.camera else before.cameras if before else None
        everybody.users[options.name] = User(stored, scopes, cameras)
    print(
        f"{options.name} may log in, for {rights(scopes, cameras)}; the password is kept, hashed, in {config.secrets}"
    )


def check(config: Config, name: str, cameras: list[str] | None) -> None:
    """Raises UsageError for a name that cannot be, and for a camera that is not there."""
    if not accounts.is_name(name):
        raise UsageError(f"name {name[:80]!r}; allowed: {NAME_ALLOWED}")
    for camera in cameras or []:
        if camera not in config.cameras:
            raise UsageError(unknown_camera(camera, config.cameras))


def asked_for(name: str) -> str:
    """The password: asked for twice on a terminal, else the first line of stdin. Raises UsageError."""
    if sys.stdin.isatty():
        password = getpass.getpass(f"Password for {name}: ")
        if getpass.getpass("Once more: ") != password:
            raise UsageError("the two passwords differ; nothing was changed")
    else:
        password = sys.stdin.readline().rstrip("\n")
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise UsageError(f"a password of {len(password)} letters; allowed: {PASSWORD_ALLOWED}")
    return password


def rights(scopes: tuple[str, ...], cameras: tuple[str, ...] | None) -> str:
    """What somebody may, in words."""
    return f"{', '.join(scopes)} of {', '.join(cameras) if cameras is not None else 'all cameras'}"
