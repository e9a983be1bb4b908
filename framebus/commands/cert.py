"""`framebus cert`: a certificate that this machine signs itself, so that nobody on the way can read along."""

import argparse
import hashlib
import ipaddress
import os
import shutil
import socket
import ssl
import subprocess
import sys
from pathlib import Path

from framebus.config.load import ConfigError, load
from framebus.errors import UsageError
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE

CERTIFICATE = "framebus.crt"
KEY = "framebus.key"
DAYS = 3650
HOST_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:*")


EXTENSIONS = ("basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature", "extendedKeyUsage=serverAuth")
"""It vouches for this server and for nobody else, also where somebody trusts it (RFC 5280, section 4.2.1)."""


def add(parser: argparse.ArgumentParser) -> None:
    """For whom, for how long, and where to."""
    parser.add_argument(
        "--host", action="append", default=[], help="a name or an address of this machine, beside those that it knows"
    )
    parser.add_argument("--days", type=int, default=DAYS, help=f"how long it is valid (default: {DAYS})")
    parser.add_argument("-o", "--output", metavar="FOLDER", help="where to (default: beside the configuration)")
    parser.add_argument("--force", action="store_true", help="replace what is there")


def run(options: argparse.Namespace) -> int:
    """Make a pair, and say which two lines use it."""
    try:
        path = load(options.config, keys=False).path
        folder = Path(options.output) if options.output else path.parent if path else Path.cwd()
        certificate, key = folder / CERTIFICATE, folder / KEY
        names = hosts(options.host)
        make(certificate, key, names, options.days, options.force)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except UsageError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    print(f"A certificate for {', '.join(names)}, valid for {options.days} days. Add to [gateway]:")
    print(f'tls_cert = "{certificate.absolute()}"\ntls_key = "{key.absolute()}"')
    print(f"Browsers warn of it once, as nobody vouches for it. Its SHA-256 fingerprint is\n{fingerprint(certificate)}")
    return EXIT_OK


def hosts(more: list[str]) -> list[str]:
    """Everything that this machine is called. Raises UsageError for what cannot be a name."""
    name = socket.gethostname().partition(".")[0]
    found = ["localhost", "127.0.0.1", "::1"]
    if name and set(name) <= HOST_LETTERS:
        found += [name, f"{name}.local"]
    for host in more:
        if not host or not set(host) <= HOST_LETTERS:
            raise UsageError(f"host {host[:80]!r}; allowed: a name such as cameras.example, or an address")
    return list(dict.fromkeys([*found, *more]))


def make(certificate: Path, key: Path, names: list[str], days: int, force: bool) -> None:
    """Write both files, the key for its owner alone. Raises UsageError."""
    openssl = shutil.which("openssl")
    if openssl is None:
        raise UsageError("the program openssl makes certificates, and it is not here; run: sudo apt install openssl")
    there = [str(file) for file in (certificate, key) if file.exists()]
    if there and not force:
        raise UsageError(f"{' and '.join(there)} are there already; to replace them, say --force")
    if not 1 <= days <= 36500:
        raise UsageError(f"{days} days; allowed: 1 to 36500")
    alternatives = ",".join(f"{'IP' if _is_address(name) else 'DNS'}:{name}" for name in names)
    command = [openssl, "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-subj", "/CN=framebus", "-addext", f"subjectAltName={alternatives}", "-days", str(days)]
    for extension in EXTENSIONS:
        command += ["-addext", extension]
    os.umask(0o077)
    ran = subprocess.run([*command, "-keyout", key, "-out", certificate], capture_output=True, text=True)
    if ran.returncode:
        raise UsageError(f"openssl could not make it: {ran.stderr.strip().splitlines()[-1][:200]}")
    key.chmod(0o600)
    certificate.chmod(0o644)


def fingerprint(certificate: Path) -> str:
    """As browsers show it."""
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest().upper()
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
