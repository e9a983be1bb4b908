"""TLS to a camera: verifies the certificate on the same connection that carries the login.

A camera's certificate is often self-signed, or for another name. Then its fingerprint can be pinned, or the check be
switched off, by the configuration.
"""

import hashlib
import socket
import ssl

import msgspec

from framebus.config.tls_fingerprint import TlsFingerprint


class WrongFingerprint(ssl.SSLError):
    """The camera has another certificate than the configuration says; the text is the fingerprint that it has."""


class CameraTls(msgspec.Struct, frozen=True):
    """How the certificate of a camera is judged."""

    verify: bool = True
    fingerprint: TlsFingerprint | None = None

    def wrap(self, plain: socket.socket, host: str) -> ssl.SSLSocket:
        """The same connection, encrypted. Raises OSError, such as ssl.SSLCertVerificationError."""
        context = ssl.create_default_context()
        if self.fingerprint is not None or not self.verify:
            context = _unchecked()
        secure = context.wrap_socket(plain, server_hostname=host)
        if self.fingerprint is not None:
            seen = _digits(secure)
            if seen != self.fingerprint.hex:
                secure.close()
                raise WrongFingerprint(f"sha256:{seen}")
        return secure


def fingerprint_of(host: str, port: int, timeout: float) -> str:
    """The fingerprint of the certificate that a server shows, for an error text; empty when it cannot be had.

    Nothing is sent over this connection.
    """
    try:
        with (
            socket.create_connection((host, port), timeout) as plain,
            _unchecked().wrap_socket(plain, server_hostname=host) as secure,
        ):
            return f"sha256:{_digits(secure)}"
    except (OSError, ValueError):
        return ""


def _unchecked() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _digits(secure: ssl.SSLSocket) -> str:
    return hashlib.sha256(secure.getpeercert(binary_form=True) or b"").hexdigest()
