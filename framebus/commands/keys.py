"""`framebus keys …`: the CURVE keys with which machines share cameras, and the clients that may connect."""

import argparse
import json
import os
import re
import sys
from pathlib import Path

import msgspec

from framebus.commands import which_config
from framebus.config.load import Config, ConfigError
from framebus.config.strict_toml import did_you_mean
from framebus.credentials.curve_keys import (
    CLIENT_ALLOWED,
    CLIENT_PATTERN,
    MAX_CLIENTS,
    Z85_KEY_PATTERN,
    CurveKeys,
    KeyPair,
    Z85Key,
    changing,
    read,
)
from framebus.credentials.secrets_file import SecretsError
from framebus.errors import UsageError
from framebus.runtime.atomic_write import PRIVATE
from framebus.runtime.command_line import add_config
from framebus.runtime.privileges import PrivilegeError, service_owner
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE

MAX_KEY_FILE_BYTES = 4096


class KeyFile(msgspec.Struct, frozen=True):
    """The file that `add` writes for the client's machine."""

    server: Z85Key
    """Public key of the machine that made the file."""
    client: KeyPair


def add(parser: argparse.ArgumentParser) -> None:
    """Add the actions and their arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("server", help="print the key of this machine for clients; make it if there is none")
    adding = actions.add_parser("add", help="allow a client: make a key for it, or list the key that it has")
    adding.add_argument("name", metavar="NAME", help="its name on this machine")
    either = adding.add_mutually_exclusive_group()
    either.add_argument("--public", metavar="KEY", help="what `framebus keys client` printed there; --public='…'")
    either.add_argument("-o", "--output", metavar="FILE", help="where to write its key (default: NAME.key)")
    client = actions.add_parser("client", help="print the key of this machine for servers; make it if there is none")
    client.add_argument("--take", metavar="FILE", help="use the key of a file that `framebus keys add` wrote")
    actions.add_parser("list", help="list all keys")
    actions.add_parser("remove", help="remove a client").add_argument("name", metavar="NAME")
    for action in actions.choices.values():
        add_config(action, default=argparse.SUPPRESS)  # it may follow the action too


def run(options: argparse.Namespace) -> int:
    """Print public keys on stdout and advice on stderr; returns the exit status."""
    try:
        config = which_config.load(options.config, secrets=True)
        match options.action:
            case "server":
                show_server(config)
            case "add":
                list_client(config, options.name, options.public, Path(options.output or f"{options.name}.key"))
            case "client":
                show_client(config, options.take and Path(options.take))
            case "list":
                show(read(config.secrets))
            case "remove":
                remove(config, options.name)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except (SecretsError, UsageError, PrivilegeError) as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    return EXIT_OK


def show_server(config: Config) -> None:
    """Print the public key for clients."""
    with changing(config.secrets, service_owner(config)) as held:
        held[0], server = with_server(held[0])
    print(server.public)
    advise("on the machine that watches these cameras, set it as server_key beside connect in [camera.NAME]")


def list_client(config: Config, name: str, public: str | None, output: Path) -> None:
    """Allow a client, with the key that it has or with a new one that is written to `output`."""
    if not re.match(CLIENT_PATTERN, name):
        raise UsageError(f"name: found {name!r}; allowed: {CLIENT_ALLOWED}")
    if public is not None and not re.match(Z85_KEY_PATTERN, public):
        raise UsageError(f"--public: found {public!r}; allowed: the 40 characters that `framebus keys client` prints")
    with changing(config.secrets, service_owner(config)) as held:
        keys, server = with_server(held[0])
        check_new(keys, name, public)
        pair = KeyPair.make() if public is None else None
        held[0] = msgspec.structs.replace(keys, clients={**keys.clients, name: public or (pair and pair.public)})
        if pair is not None:
            write_key_file(output, KeyFile(server.public, pair))
    if pair is None:
        advise(f'{name} can connect; set there: server_key = "{server.public}"')
    else:
        advise(
            f"{name} can connect; copy {output} there, run `framebus keys client --take {output.name}` there, and then "
            "delete both files"
        )


def check_new(keys: CurveKeys, name: str, public: str | None) -> None:
    """Check that a client can be added.

    Raises:
        UsageError: The client or its key is listed already, or there are too many.
    """
    if name in keys.clients:
        raise UsageError(f"{name} is listed already; run first: framebus keys remove {name}")
    other = next((known for known, key in keys.clients.items() if key == public), None)
    if other is not None:
        raise UsageError(f"this key is listed already, as {other}")
    if len(keys.clients) >= MAX_CLIENTS:
        raise UsageError(f"{MAX_CLIENTS} clients are listed already; allowed: at most that many")


def show_client(config: Config, take_from: Path | None) -> None:
    """Print the public key with which this machine connects to others."""
    taken = None if take_from is None else read_key_file(take_from)
    with changing(config.secrets, service_owner(config)) as held:
        before = held[0].client
        if taken is not None and before is not None and before != taken.client:
            raise UsageError(
                "this machine has another key already; list that one on the other machine: "
                f"framebus keys add NAME --public='{before.public}'"
            )
        client = taken.client if taken is not None else before or KeyPair.make()
        held[0] = msgspec.structs.replace(held[0], client=client)
    print(client.public)
    if taken is None:
        advise(f"on the machine with the camera, run: framebus keys add NAME --public='{client.public}'")
    else:
        advise(f'set beside connect in [camera.NAME]: server_key = "{taken.server}"')


def show(keys: CurveKeys) -> None:
    """Print all public keys."""
    print(f"{keys.server.public if keys.server else 'none yet':40}  this machine, as a server")
    print(f"{keys.client.public if keys.client else 'none yet':40}  this machine, as a client")
    for name, public in sorted(keys.clients.items()):
        print(f"{public}  client {name}")


def remove(config: Config, name: str) -> None:
    """Remove a client; the processes notice within a second and close its connections."""
    with changing(config.secrets, service_owner(config)) as held:
        clients = dict(held[0].clients)
        if name not in clients:
            names = list(clients)
            raise UsageError(
                f"there is no client {name}; there is {', '.join(names) or 'none'}{did_you_mean(name, names)}"
            )
        del clients[name]
        held[0] = msgspec.structs.replace(held[0], clients=clients)
    advise(f"removed client {name}")
    if not clients:
        advise("no client is listed any more: framebus will not start again with a tcp address beyond this machine")


def with_server(keys: CurveKeys) -> tuple[CurveKeys, KeyPair]:
    """The keys with a server key, which is made if there is none."""
    server = keys.server or KeyPair.make()
    return msgspec.structs.replace(keys, server=server), server


def write_key_file(output: Path, content: KeyFile) -> None:
    """Create a file for its owner alone.

    Raises:
        UsageError: The file exists, or cannot be written.
    """
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(json.dumps(msgspec.to_builtins(content)).encode() + b"\n")
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}; name another file with -o") from None


def read_key_file(file: Path) -> KeyFile:
    """Read a file that `framebus keys add` wrote.

    Raises:
        UsageError: It is another file, or cannot be read.
    """
    try:
        with file.open("rb") as opened:
            return msgspec.json.decode(opened.read(MAX_KEY_FILE_BYTES), type=KeyFile)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise UsageError(f"{file} is no key file; allowed: one that `framebus keys add` wrote") from None


def advise(text: str) -> None:
    """Print what to do next on stderr: stdout holds nothing but keys."""
    print(text, file=sys.stderr)
