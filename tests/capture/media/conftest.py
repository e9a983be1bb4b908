"""Fixtures for the tests of network cameras."""

import pytest


@pytest.fixture
def proxy_without_server(monkeypatch: pytest.MonkeyPatch, free_port: int) -> None:
    """One of the environment, where nobody listens: it must not be used for cameras."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port}")
    monkeypatch.delenv("no_proxy", raising=False)
