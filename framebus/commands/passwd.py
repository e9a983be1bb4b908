"""`framebus passwd NAME`: add a user who logs in with a password, change the password, or remove the user."""

import argparse
import getpass
import sys

from framebus.commands.change_accounts import change_accounts
from framebus.config.load import Config
from framebus.credentials import accounts
from framebus.credentials.accounts import NAME_ALLOWED, SCOPES, User
from framebus.credentials.passwords import MAX_PASSWORD, MIN_PASSWORD, PASSWORD_ALLOWED, hash_password
from framebus.errors import UsageError
from framebus.protocol.unknown_camera import unknown_camera
from framebus.runtime.privileges import service_owner

LAST_ACCOUNT_REMOVED = (
    "; no users and tokens are left, so nobody can log in. "
    "To let every program on this machine in again, delete {} and restart framebus"
)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: the user and their rights."""
    parser.add_argument("name", metavar="NAME", nargs="?", help="a user; without one, all are listed")
    add_rights(parser, "all")
    parser.add_argument("--remove", action="store_true", help="remove the user")


def add_rights(parser: argparse.ArgumentParser, default: str) -> None:
    """Add the arguments for rights: scopes and cameras."""
    parser.add_argument("--scope", action="append", choices=SCOPES, help=f"a right to give (default: {default})")
    parser.add_argument("--camera", action="append", metavar="CAMERA", help="only this camera (default: all cameras)")


def run(options: argparse.Namespace) -> int:
    """List the users, or change one; returns the exit status."""

    def change_or_list(config: Config) -> None:
        if options.name is None:
            for name, user in accounts.read(config.secrets).users.items():
                print(f"{name}\t{rights(user.scopes, user.cameras)}")
        else:
            check(config, options.name, options.camera)
            change(config, options)

    return change_accounts(options.config, change_or_list)


def change(config: Config, options: argparse.Namespace) -> None:
    """Remove the user, or set the password and the rights that were named.

    Raises:
        UsageError: There is no such user to remove, or the password cannot be used.
        SecretsError: The secrets file cannot be changed.
    """
    if options.remove:
        remove(config, options.name)
        return
    password_hash = hash_password(read_password(options.name))
    with accounts.changing(config.secrets, service_owner(config)) as changed:
        before = changed.users.get(options.name)
        scopes = tuple(options.scope) if options.scope else before.scopes if before else SCOPES
        cameras = tuple(options.camera) if options.camera else before.cameras if before else None
        changed.users[options.name] = User(password_hash, scopes, cameras)
    print(f"{options.name} can log in, for {rights(scopes, cameras)}; {config.secrets} holds a hash of the password")


def remove(config: Config, name: str) -> None:
    """Remove a user.

    Raises:
        UsageError: There is no such user.
        SecretsError: The secrets file cannot be changed.
    """
    with accounts.changing(config.secrets, service_owner(config)) as changed:
        if changed.users.pop(name, None) is None:
            raise UsageError(f"there is no user {name}; there is {', '.join(changed.users) or 'none'}")
        left = bool(changed)
    print(f"removed {name}{'' if left else LAST_ACCOUNT_REMOVED.format(config.secrets)}")


def check(config: Config, name: str, cameras: list[str] | None) -> None:
    """Check the arguments.

    Raises:
        UsageError: A user or token cannot have this name, or there is no such camera.
    """
    if not accounts.is_name(name):
        raise UsageError(f"name {name[:80]!r}; allowed: {NAME_ALLOWED}")
    for camera in cameras or []:
        if camera not in config.cameras:
            raise UsageError(unknown_camera(camera, config.cameras))


def read_password(name: str) -> str:
    """Ask for the password twice on a terminal; otherwise read the first line of stdin.

    Raises:
        UsageError: The two differ, or the password cannot be used.
    """
    try:
        if sys.stdin.isatty():
            password = getpass.getpass(f"Password for {name}: ")
            if getpass.getpass("Repeat the password: ") != password:
                raise UsageError("the two passwords differ; nothing was changed")
        else:
            password = sys.stdin.readline().rstrip("\r\n")
        password.encode()
    except UnicodeError:
        raise UsageError("the password is not UTF-8 text; nothing was changed") from None
    except EOFError:
        raise UsageError("no password was entered; nothing was changed") from None
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise UsageError(f"a password of {len(password)} characters; allowed: {PASSWORD_ALLOWED}")
    return password


def rights(scopes: tuple[str, ...], cameras: tuple[str, ...] | None) -> str:
    """Describe rights, such as `view, snapshot of all cameras`."""
    return f"{', '.join(scopes)} of {', '.join(cameras) if cameras is not None else 'all cameras'}"
