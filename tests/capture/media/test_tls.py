"""The certificate of a camera is judged on the connection that then carries the login."""

import hashlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from capture.media.tls import CameraTls, WrongFingerprint, fingerprint_of
from framebus.config.tls_fingerprint import TlsFingerprint
from tests.capture.media.mjpeg_camera import IpCamera, silent
from tests.processes import DEADLINE_SECONDS


@pytest.fixture
def digits(certificate: Path) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest()


@pytest.fixture
def server(certificate: Path) -> Iterator[IpCamera]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    with IpCamera(silent, context) as camera:
        yield camera


def wrapped(tls: CameraTls, port: int, host: str = "127.0.0.1") -> None:
    """Connect, and end the connection."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE_SECONDS) as plain, tls.wrap(plain, host) as secure:
        assert secure.version() is not None


def test_a_certificate_of_no_known_authority_is_not_trusted(server: IpCamera) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="self-signed certificate"):
        wrapped(CameraTls(), server.port)


def test_one_of_a_known_authority_is_trusted_for_its_own_names(
    server: IpCamera, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    wrapped(CameraTls(), server.port)
    wrapped(CameraTls(), server.port, "camera.local")
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        wrapped(CameraTls(), server.port, "other.local")


@pytest.mark.parametrize("host", ["127.0.0.1", "other.local"])
def test_a_pinned_certificate_is_trusted_whatever_its_name(host: str, server: IpCamera, digits: str) -> None:
    wrapped(CameraTls(fingerprint=TlsFingerprint(digits)), server.port, host)


@pytest.mark.parametrize("verify", [True, False])
def test_another_certificate_than_the_pinned_one_is_refused_even_without_other_checks(
    verify: bool, server: IpCamera, digits: str
) -> None:
    tls = CameraTls(verify=verify, fingerprint=TlsFingerprint("0" * 64))
    with pytest.raises(WrongFingerprint) as said:
        wrapped(tls, server.port)
    assert said.value.args[0] == f"sha256:{digits}"


def test_the_connection_is_closed_after_a_wrong_fingerprint(server: IpCamera) -> None:
    with socket.create_connection(("127.0.0.1", server.port), DEADLINE_SECONDS) as plain:
        with pytest.raises(WrongFingerprint):
            CameraTls(fingerprint=TlsFingerprint("0" * 64)).wrap(plain, "127.0.0.1")
        assert plain.fileno() == -1
    assert server.calls == []


def test_without_the_check_any_certificate_will_do(server: IpCamera) -> None:
    wrapped(CameraTls(verify=False), server.port, "other.local")


def test_a_server_without_tls_is_an_error_of_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        plain = socket.create_connection(listener.getsockname(), DEADLINE_SECONDS)
        other, _ = listener.accept()
        with plain, other:
            other.sendall(b"220 ready\r\n")
            with pytest.raises(ssl.SSLError):
                CameraTls(verify=False).wrap(plain, "127.0.0.1")


def test_the_fingerprint_of_a_server_can_be_pinned(server: IpCamera, digits: str) -> None:
    seen = fingerprint_of("127.0.0.1", server.port, DEADLINE_SECONDS)
    assert seen == f"sha256:{digits}"
    wrapped(CameraTls(fingerprint=TlsFingerprint.parse(seen)), server.port)
    assert server.calls == []


def test_a_server_that_shows_no_certificate_has_no_fingerprint(free_port: int) -> None:
    assert fingerprint_of("127.0.0.1", free_port, DEADLINE_SECONDS) == ""
    with IpCamera(silent) as mute:
        assert fingerprint_of("127.0.0.1", mute.port, 0.05) == ""


@pytest.mark.parametrize("host", ["", "a..b", "x" * 64, "nul\0"])
def test_a_host_that_is_no_name_has_no_fingerprint(host: str, free_port: int) -> None:
    assert fingerprint_of(host, free_port, 1.0) == ""
