"""`framebus cert`: makes a self-signed certificate, so that passwords and frames travel encrypted."""

import argparse
import contextlib
import hashlib
import ipaddress
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path

from framebus.commands import which_config
from framebus.config.load import ConfigError
from framebus.errors import UsageError
from framebus.runtime.atomic_write import PRIVATE, write_atomically
from framebus.runtime.privileges import PrivilegeError, service_owner
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE

CERTIFICATE = "framebus.crt"
KEY = "framebus.key"
DAYS = 3650
MAX_DAYS = 36500
HOST_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:*")
EXTENSIONS = ("basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature", "extendedKeyUsage=serverAuth")
"""It is valid for this server alone, also for a browser that trusts it (RFC 5280, section 4.2.1)."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: host names, days and the folder."""
    parser.add_argument(
        "--host", action="append", default=[], help="a name or address of this machine, in addition to its own ones"
    )
    parser.add_argument("--days", type=int, default=DAYS, help=f"how long it is valid (default: {DAYS})")
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", help="where to write it (default: beside the configuration)"
    )
    parser.add_argument("--force", action="store_true", help="replace existing files")


def run(options: argparse.Namespace) -> int:
    """Make a certificate and print the two lines of the configuration that use it; returns the exit status."""
    try:
        config = which_config.load(options.config)
        folder = folder_for(options.output, config.path)
        certificate, key = folder / CERTIFICATE, folder / KEY
        names = hosts(options.host)
        make(certificate, key, names, options.days, options.force, service_owner(config))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except (UsageError, PrivilegeError) as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    print(f"A certificate for {', '.join(names)}, valid for {options.days} days. Add to [gateway]:")
    print(f'tls_cert = "{certificate}"\ntls_key = "{key}"')
    print(f"Browsers warn once, as no authority signed it. Its SHA-256 fingerprint is\n{fingerprint(certificate)}")
    return EXIT_OK


def folder_for(output: str | None, config: Path | None) -> Path:
    """The folder of the two files, with its full path.

    Raises:
        UsageError: It would be the current folder, which was deleted.
    """
    folder = Path(output) if output else config.parent if config else Path()
    try:
        return folder.absolute()
    except OSError:
        raise UsageError("the current folder was deleted; name another one with -o and its full path") from None


def hosts(more: list[str]) -> list[str]:
    """List the names and addresses of this machine.

    Args:
        more: Those that the user named.

    Raises:
        UsageError: One of them is not a host name or an address.
    """
    name = socket.gethostname().partition(".")[0]
    names = ["localhost", "127.0.0.1", "::1"]
    if name and set(name) <= HOST_LETTERS:
        names += [name, f"{name}.local"]
    for host in more:
        if not host or not set(host) <= HOST_LETTERS:
            raise UsageError(f"host {host[:80]!r}; allowed: a name such as cameras.example, or an address")
    return list(dict.fromkeys([*names, *more]))


def make(
    certificate: Path,
    key: Path,
    names: list[str],
    days: int,
    force: bool,
    owner: tuple[int, int] | None = None,
) -> None:
    """Write a certificate and its key, which only its owner can read.

    Args:
        certificate: The file of the certificate.
        key: The file of the key.
        names: The names and addresses that it is valid for.
        days: How long it is valid.
        force: Whether to replace existing files.
        owner: User and group id that the key belongs to; None for this user.

    Raises:
        UsageError: openssl is not installed or fails, a file exists or cannot be written, or the days are out of range.
    """
    openssl = shutil.which("openssl")
    if openssl is None:
        raise UsageError(
            "framebus cert needs the program openssl, which is not installed; run: sudo apt install openssl"
        )
    existing = [str(file) for file in (certificate, key) if file.exists()]
    if existing and not force:
        raise UsageError(f"{' and '.join(existing)} exist already; add --force to replace them")
    if not 1 <= days <= MAX_DAYS:
        raise UsageError(f"{days} days; allowed: 1 to {MAX_DAYS}")
    alternatives = ",".join(f"{'IP' if _is_address(name) else 'DNS'}:{name}" for name in names)
    command = [openssl, "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-subj", "/CN=framebus", "-addext", f"subjectAltName={alternatives}", "-days", str(days)]
    for extension in EXTENSIONS:
        command += ["-addext", extension]
    try:
        contents = _made(command)
    except OSError as error:  # of a full disk, Python says that there is no usable folder
        raise UsageError(f"no folder for temporary files can be written to: {error.strerror}") from None
    beside = certificate.with_name(f".{certificate.name}.new")
    try:
        # Where the disk is full, the earlier pair stays: a key without its certificate would stop the gateway.
        write_atomically(beside, contents[0], 0o644, lasting=True, exact_mode=True)
        write_atomically(key, contents[1], PRIVATE, lasting=True, owner=owner)
        os.replace(beside, certificate)
    except OSError as error:
        with contextlib.suppress(OSError):  # such as a disk that is read-only, whether there is such a file or not
            beside.unlink()
        raise UsageError(f"{key.parent} cannot be written to: {error.strerror}") from None


def _made(command: list[str]) -> tuple[bytes, bytes]:
    """The certificate and the key that a command of openssl makes. Raises UsageError and OSError."""
    with tempfile.TemporaryDirectory(prefix="framebus-") as folder:
        made = Path(folder, CERTIFICATE), Path(folder, KEY)
        ran = subprocess.run([*command, "-out", made[0], "-keyout", made[1]], capture_output=True, text=True)
        if ran.returncode:
            reason = (ran.stderr.strip().splitlines() or [f"exit status {ran.returncode}"])[-1]
            raise UsageError(f"openssl failed: {reason[:200]}")
        contents = made[0].read_bytes(), made[1].read_bytes()
    _check(*contents)
    return contents


def _check(certificate: bytes, key: bytes) -> None:
    """Raises UsageError for what openssl leaves where the disk is full, with exit status 0."""
    if b"-----END CERTIFICATE-----" not in certificate or b"PRIVATE KEY-----\n" not in key[-40:]:
        raise UsageError(f"openssl wrote no certificate and key to {tempfile.gettempdir()}; is the disk full?")


def fingerprint(certificate: Path) -> str:
    """The SHA-256 fingerprint of a certificate, as browsers show it."""
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest().upper()
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
