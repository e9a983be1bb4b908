"""The gateway's TLS certificate: read at the start, and again on SIGHUP."""

import logging
import ssl
import stat
from pathlib import Path

from framebus.config.gateway import GatewayConfig
from framebus.errors import FramebusError
from framebus.runtime.process import ProcessError
from framebus.runtime.regular_file import read_regular

logger = logging.getLogger("gateway")


class TlsError(ProcessError):
    """The certificate or its key cannot be used; the text says why and what to do."""


class Certificate:
    """A certificate and its key, and the TLS context that uses them, for TLS 1.2 and later."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Read the two files. Raises TlsError."""
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._files = certificate, key
        load(self.context, *self._files)

    def reload(self) -> None:
        """Read the files again, for connections to come. Keep the certificate in use if they cannot be used."""
        try:
            load(self.context, *self._files)
        except TlsError as error:
            logger.warning("%s; the previous certificate stays in use", error)
        else:
            logger.info("read the certificate %s again", self._files[0])


def configured_certificate(settings: GatewayConfig) -> Certificate | None:
    """The certificate that the [gateway] table names; None without one. Raises TlsError."""
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    return Certificate(Path(settings.tls_cert), Path(settings.tls_key))


def load(into: ssl.SSLContext, certificate: Path, key: Path) -> None:
    """Use a certificate and its key for new connections.

    Raises TlsError, and keeps the certificate in use then.
    """
    for file, what in ((certificate, "tls_cert"), (key, "tls_key")):
        try:
            mode = file.stat().st_mode
            read_regular(file)
        except OSError as error:
            raise TlsError(f"{what} {file} cannot be read: {error.strerror}; `framebus cert` makes a pair") from None
        if file == key and mode & 0o077:
            raise TlsError(f"{file} can be read by others (mode {stat.S_IMODE(mode):04o}); run: chmod 600 {file}")
    try:  # on a context of its own first: a pair that does not fit would spoil the one in use
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=_no_password)
        into.load_cert_chain(certificate, key, password=_no_password)
    except (ssl.SSLError, ValueError, _EncryptedError) as error:
        why = error.reason if isinstance(error, ssl.SSLError) else str(error)
        raise TlsError(
            f"tls_cert {certificate} and tls_key {key} are no certificate and its key in PEM ({why})"
        ) from None


class _EncryptedError(FramebusError):
    """The key needs a password."""


def _no_password() -> str:
    raise _EncryptedError("the key is encrypted; allowed: one without a password")
