"""A TLS certificate of a gateway, and a client that takes it."""

import asyncio
import ssl
import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.programs import need


class Certificate(NamedTuple):
    """Of a gateway, in its configuration, and a client that takes any."""

    settings: str
    trusting: ssl.SSLContext


async def made(folder: Path) -> Certificate:
    """Make one in this folder."""
    file, key = folder / "cert.pem", folder / "key.pem"
    options = "-x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=pi"
    command = [need("openssl"), "req", *options.split(), "-keyout", str(key), "-out", str(file)]
    await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)
    key.chmod(0o600)
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    return Certificate(f'tls_cert = "{file}"\ntls_key = "{key}"\n', trusting)
