"""`framebus integrate PROGRAM`: prints the configuration of a program that shows the cameras, with its own token."""

import argparse
import sys
import time

from framebus.commands.change_accounts import change_accounts
from framebus.commands.passwd import check
from framebus.config.address import Address
from framebus.config.load import Config
from framebus.credentials import accounts
from framebus.credentials.accounts import Scope, Token, new_token, token_hash
from framebus.errors import UsageError
from framebus.integrations import INTEGRATIONS, SharedCamera
from framebus.runtime.own_addresses import own_addresses, pages_to_open
from framebus.runtime.privileges import service_owner

SCOPES: tuple[Scope, ...] = ("view", "snapshot")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: the program, the cameras, and how it reaches framebus."""
    parser.add_argument("program", choices=INTEGRATIONS, metavar="PROGRAM", help=", ".join(INTEGRATIONS))
    parser.add_argument("--camera", action="append", metavar="CAMERA", help="only this camera (default: all cameras)")
    parser.add_argument("--host", help="the name or address of this machine, for that program (default: its address)")
    parser.add_argument("--new-token", action="store_true", help="replace the token that was made before")


def run(options: argparse.Namespace) -> int:
    """Print the configuration on stdout, and the rest on stderr; returns the exit status."""

    def integrate(config: Config) -> None:
        check(config, options.program, options.camera)
        url, local_url = addresses(config, options.host)
        token = make_token(config, options.program, options.camera, replace=options.new_token)
        cameras = [
            SharedCamera(name, url, local_url, token, camera.size.width, camera.size.height, camera.fps)
            for name, camera in config.cameras.items()
            if not options.camera or name in options.camera
        ]
        print(INTEGRATIONS[options.program](cameras), end="", flush=True)

    return change_accounts(options.config, integrate)


def addresses(config: Config, host: str | None) -> tuple[str, str]:
    """The URL of the gateway for other machines, and for this one."""
    listen, encrypted = config.gateway.listen, config.gateway.tls_cert is not None
    if host is not None:
        urls = pages_to_open(Address(host.strip("[]"), listen.port), encrypted, [])
    else:
        urls = pages_to_open(listen, encrypted, own_addresses())
    if listen.is_loopback:
        print(
            "# framebus listens on this machine only; for programs elsewhere, run first: framebus open", file=sys.stderr
        )
    own = listen.host if listen.host not in ("", "0.0.0.0", "::") else "127.0.0.1"
    local = pages_to_open(Address(own, listen.port), encrypted, [])
    return urls[-1].rstrip("/"), local[0].rstrip("/")


def make_token(config: Config, name: str, cameras: list[str] | None, *, replace: bool) -> str:
    """Make a token named after the program.

    Returns:
        The token; an empty text where this machine needs none: a first token would ask all its programs for one.

    Raises:
        UsageError: There is one already, which cannot be shown again.
        SecretsError: The secrets file cannot be read or written.
    """
    if config.gateway.listen.is_loopback and not accounts.read(config.secrets).login_required:
        return ""
    token = new_token()
    with accounts.changing(config.secrets, service_owner(config)) as changed:
        if name in changed.tokens and not replace:
            raise UsageError(
                f"there is a token {name} already, which cannot be shown again; to replace it, add --new-token"
            )
        seen = tuple(cameras) if cameras else None
        changed.tokens[name] = Token(token_hash(token), round(time.time()), SCOPES, seen)
    print(f"# token {name}: {', '.join(SCOPES)}; to revoke it, run: framebus token remove {name}", file=sys.stderr)
    return token
