"""A certificate that the machine signs itself."""

import ssl
import subprocess
from pathlib import Path

import pytest

from framebus.commands.cert import fingerprint, hosts, make
from framebus.errors import UsageError
from tests.conftest import Configure, Start
from tests.programs import need


def test_a_certificate_is_made_and_its_two_lines_are_printed(configure: Configure, start: Start) -> None:
    need("openssl")
    config = configure()
    made = start("framebus", "cert", "--host", "cameras.example", "--host", "192.0.2.7", config=config)
    assert made.ended() == 0, made.log
    certificate, key = config.run_dir / "framebus.crt", config.run_dir / "framebus.key"
    assert f'tls_cert = "{certificate}"\ntls_key = "{key}"\n' in made.log
    assert fingerprint(certificate) in made.log
    assert key.stat().st_mode & 0o777 == 0o600
    text = subprocess.run(
        [need("openssl"), "x509", "-in", certificate, "-noout", "-text"], check=True, capture_output=True, text=True
    ).stdout
    assert "DNS:cameras.example" in text
    assert "IP Address:192.0.2.7" in text
    assert "DNS:localhost" in text
    assert "CA:FALSE" in text
    assert "CA:TRUE" not in text
    assert "TLS Web Server Authentication" in text
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)


def test_existing_files_are_kept(tmp_path: Path) -> None:
    certificate, key = tmp_path / "a.crt", tmp_path / "a.key"
    key.write_text("precious")
    with pytest.raises(UsageError) as refused:
        make(certificate, key, hosts([]), 10, force=False)
    assert str(refused.value) == f"{key} exist already; add --force to replace them"
    assert key.read_text() == "precious"


@pytest.mark.parametrize("host", ["", "a b", "a,DNS:b", "a\nb"])
def test_an_invalid_host_is_refused(host: str) -> None:
    with pytest.raises(UsageError) as refused:
        hosts([host])
    assert str(refused.value) == f"host {host!r}; allowed: a name such as cameras.example, or an address"


def test_without_openssl_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError) as refused:
        make(tmp_path / "a.crt", tmp_path / "a.key", hosts([]), 10, force=False)
    assert str(refused.value) == (
        "framebus cert needs the program openssl, which is not installed; run: sudo apt install openssl"
    )


def test_days_have_an_end(tmp_path: Path) -> None:
    need("openssl")
    with pytest.raises(UsageError, match="40000 days; allowed: 1 to 36500"):
        make(tmp_path / "a.crt", tmp_path / "a.key", hosts([]), 40000, force=False)
