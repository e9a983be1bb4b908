"""Fixtures for the tests of connections."""

from pathlib import Path

import pytest

from tests.gateway.net.certificate import Certificate, made


@pytest.fixture
async def certificate(tmp_path: Path) -> Certificate:
    """A TLS certificate in a folder of its own."""
    return await made(tmp_path)
