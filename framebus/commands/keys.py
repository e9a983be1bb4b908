"""`framebus keys …`: the keys with which machines share cameras, and who is let in."""

import argparse
import json
import os
import re
import sys
from pathlib import Path

import msgspec

from framebus.config.load import ConfigError, load
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
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE, add_config

MAX_KEY_FILE_BYTES = 4096


class KeyFile(msgspec.Struct, frozen=True):
    """What `add` writes, to be carried to the client's machine."""

    server: Z85Key
    """Public key of the machine that made it."""
    client: KeyPair


def add(parser: argparse.ArgumentParser) -> None:
    """What to do; each has arguments of its own."""
    doings = parser.add_subparsers(dest="doing", metavar="WHAT", required=True)
    doings.add_parser("server", help="show the key of this machine for those who connect to it; make it first")
    adding = doings.add_parser("add", help="let a machine connect: make its key, or list the one that it has")
    adding.add_argument("name", metavar="NAME", help="what to call it here")
    either = adding.add_mutually_exclusive_group()
    either.add_argument("--public", metavar="KEY", help="what `framebus keys client` printed there; --public='…'")
    either.add_argument("-o", "--output", metavar="FILE", help="where to write its key (default: NAME.key)")
    client = doings.add_parser("client", help="show the key of this machine for those it connects to; make it first")
    client.add_argument("--take", metavar="FILE", help="take the key from a file that `framebus keys add` has written")
    doings.add_parser("list", help="show all of them")
    doings.add_parser("remove", help="let a machine connect no more").add_argument("name", metavar="NAME")
    for doing in doings.choices.values():
        add_config(doing, default=argparse.SUPPRESS)  # it may stand behind these as well


def run(options: argparse.Namespace) -> int:
    """Print public keys to stdout, and what to do with them to stderr."""
    try:
        file = load(options.config, keys=False).secrets
        match options.doing:
            case "server":
                show_server(file)
            case "add":
                list_client(file, options.name, options.public, Path(options.output or f"{options.name}.key"))
            case "client":
                show_client(file, options.take and Path(options.take))
            case "list":
                show(read(file))
            case "remove":
                remove(file, options.name)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except (SecretsError, UsageError) as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    return EXIT_OK


def show_server(file: Path) -> None:
    """Print the public key for those who connect here."""
    with changing(file) as held:
        held[0], server = with_server(held[0])
    print(server.public)
    hint("write it where this machine's cameras are watched, as server_key beside connect in [camera.NAME]")


def list_client(file: Path, name: str, public: str | None, output: Path) -> None:
    """Let a client in, with the key that it has, or with one that is written to `output`."""
    if not re.match(CLIENT_PATTERN, name):
        raise UsageError(f"name: found {name!r}; allowed: {CLIENT_ALLOWED}")
    if public is not None and not re.match(Z85_KEY_PATTERN, public):
        raise UsageError(f"--public: found {public!r}; allowed: the 40 characters that `framebus keys client` prints")
    with changing(file) as held:
        keys, server = with_server(held[0])
        check_new(keys, name, public)
        made = KeyPair.make() if public is None else None
        held[0] = msgspec.structs.replace(keys, clients={**keys.clients, name: public or (made and made.public)})
        if made is not None:
            write_key_file(output, KeyFile(server.public, made))
    if made is None:
        hint(f"{name} may connect; the key of this machine, which it has to name as server_key, is {server.public}")
    else:
        hint(f"{name} may connect; take {output} there, run `framebus keys client --take {output.name}`, and delete it")


def check_new(keys: CurveKeys, name: str, public: str | None) -> None:
    """Raises UsageError for a client that is there already, or where there is no room."""
    if name in keys.clients:
        raise UsageError(f"{name} is listed already; run first: framebus keys remove {name}")
    other = next((known for known, key in keys.clients.items() if key == public), None)
    if other is not None:
        raise UsageError(f"this key is listed already, as {other}")
    if len(keys.clients) >= MAX_CLIENTS:
        raise UsageError(f"{MAX_CLIENTS} clients are listed already, and no more are allowed")


def show_client(file: Path, taken_from: Path | None) -> None:
    """Print the public key with which this machine connects to others."""
    taken = None if taken_from is None else read_key_file(taken_from)
    with changing(file) as held:
        before = held[0].client
        if taken is not None and before is not None and before != taken.client:
            raise UsageError(
                "this machine has another key already; let the other machine list that one: "
                f"framebus keys add NAME --public='{before.public}'"
            )
        client = taken.client if taken is not None else before or KeyPair.make()
        held[0] = msgspec.structs.replace(held[0], client=client)
    print(client.public)
    if taken is None:
        hint(f"list it on the camera's machine: framebus keys add NAME --public='{client.public}'")
    else:
        hint(f'write in [camera.NAME] beside connect: server_key = "{taken.server}"')


def show(keys: CurveKeys) -> None:
    """Print everything but the secrets."""
    print(f"{keys.server.public if keys.server else 'none yet':40}  this machine, for those who connect to it")
    print(f"{keys.client.public if keys.client else 'none yet':40}  this machine, for those it connects to")
    for name, public in sorted(keys.clients.items()):
        print(f"{public}  {name}, may connect")


def remove(file: Path, name: str) -> None:
    """Let a client in no more; the processes notice within a second, and cut its connections."""
    with changing(file) as held:
        clients = dict(held[0].clients)
        if name not in clients:
            known = list(clients)
            raise UsageError(
                f"there is no client {name}; there is {', '.join(known) or 'none'}{did_you_mean(name, known)}"
            )
        del clients[name]
        held[0] = msgspec.structs.replace(held[0], clients=clients)
    hint(f"{name} may connect no more")
    if not clients:
        hint("nobody is listed now: framebus will not start again with an endpoint beyond this machine")


def with_server(keys: CurveKeys) -> tuple[CurveKeys, KeyPair]:
    """The keys, with one for those who connect here."""
    server = keys.server or KeyPair.make()
    return msgspec.structs.replace(keys, server=server), server


def write_key_file(output: Path, content: KeyFile) -> None:
    """For the owner alone, and never over another file. Raises UsageError."""
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(json.dumps(msgspec.to_builtins(content)).encode() + b"\n")
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}; name another file with -o") from None


def read_key_file(file: Path) -> KeyFile:
    """Raises UsageError."""
    try:
        with file.open("rb") as opened:
            return msgspec.json.decode(opened.read(MAX_KEY_FILE_BYTES), type=KeyFile)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise UsageError(f"{file} is no key file; allowed: one that `framebus keys add` has written") from None


def hint(text: str) -> None:
    """What to do with it, for people: stdout has nothing but keys."""
    print(text, file=sys.stderr)
