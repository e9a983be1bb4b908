"""A certificate that the machine signs itself."""

import os
import ssl
import subprocess
import tempfile
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


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_on_a_full_disk_the_earlier_pair_stays(nth: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever of the two files does not fit: a key without its certificate would stop the gateway."""
    need("openssl")
    certificate, key = tmp_path / "a.crt", tmp_path / "a.key"
    make(certificate, key, hosts([]), 10, force=False)
    before = certificate.read_bytes(), key.read_bytes()
    calls = 0

    def fsync(_: int) -> None:
        nonlocal calls
        calls += 1
        if calls == nth:
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", fsync)
        with pytest.raises(UsageError) as refused:
            make(certificate, key, hosts([]), 10, force=True)
    assert str(refused.value) == f"{tmp_path} cannot be written to: No space left on device"
    assert (certificate.read_bytes(), key.read_bytes()) == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.crt", "a.key"]
    make(certificate, key, hosts([]), 10, force=True)
    assert certificate.read_bytes() != before[0]
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    assert (certificate.stat().st_mode & 0o777, key.stat().st_mode & 0o777) == (0o644, 0o600)


def test_openssl_without_room_for_its_files_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with 0 then, and leaves empty files."""
    program = tmp_path / "bin" / "openssl"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nwhile [ $# -gt 1 ]; do case $1 in -out|-keyout) : > "$2";; esac; shift; done\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    certificate, key = tmp_path / "a.crt", tmp_path / "a.key"
    with pytest.raises(UsageError) as refused:
        make(certificate, key, hosts([]), 10, force=False)
    assert str(refused.value) == f"openssl wrote no certificate and key to {tempfile.gettempdir()}; is the disk full?"
    assert not certificate.exists()
    assert not key.exists()


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need("openssl")
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(UsageError) as refused:
        make(file / "a.crt", file / "a.key", hosts([]), 10, force=False)
    assert str(refused.value) == f"{file} cannot be written to: Not a directory"

    monkeypatch.setattr(tempfile, "tempdir", str(file))
    with pytest.raises(UsageError) as refused:
        make(tmp_path / "a.crt", tmp_path / "a.key", hosts([]), 10, force=False)
    assert str(refused.value) == "no folder for temporary files can be written to: Not a directory"
    assert [left.name for left in tmp_path.iterdir()] == ["file"]
