"""Fixtures for the tests of network cameras."""

import subprocess
from pathlib import Path

import pytest

from tests.programs import need


@pytest.fixture
def proxy_without_server(monkeypatch: pytest.MonkeyPatch, free_port: int) -> None:
    """One of the environment, where nobody listens: it must not be used for cameras."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port}")
    monkeypatch.delenv("no_proxy", raising=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For 127.0.0.1 and camera.local, signed by itself."""
    certificate = tmp_path_factory.mktemp("tls") / "cert.pem"
    options = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=camera"
    names = "-addext subjectAltName=IP:127.0.0.1,DNS:camera.local"
    key = certificate.with_name("key.pem")
    command = [need("openssl"), "req", *f"{options} {names} -keyout {key} -out {certificate}".split()]
    subprocess.run(command, check=True, capture_output=True)
    return certificate
