import socket
from pathlib import Path

import pytest

from gateway.net.own_names import is_loopback_name, is_own_name


@pytest.fixture
def resolv_conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(socket, "gethostname", lambda: "Pi.example")
    file = tmp_path / "resolv.conf"
    file.write_text("# comment\nnameserver 192.0.2.1\nsearch Fritz.box other.example.\n")
    return file


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("pi", True),
        ("pi.example", True),
        ("pi.fritz.box", True),
        ("pi.other.example", True),
        ("192.0.2.9", True),
        ("2001:db8::1", True),
        ("anything.local", True),
        ("evil.fritz.box", False),
        ("pi.evil.example", False),
        ("local.evil.example", False),
    ],
)
def test_a_name_of_this_machine_is_known_without_the_dns(host: str, own: bool, resolv_conf: Path) -> None:
    assert is_own_name(host, (), resolv_conf) is own


def test_the_configuration_may_name_more(tmp_path: Path) -> None:
    nowhere = tmp_path / "none"
    assert is_own_name("cam.example", ["Cam.Example."], nowhere)
    assert is_own_name("a.cam.example", ["*.cam.example"], nowhere)
    assert not is_own_name("cam.example", ["*.cam.example"], nowhere)
    assert is_own_name("cam.example", ["*"], nowhere)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("cam.localhost", True),
        ("127.0.0.9", True),
        ("::1", True),
        ("192.0.2.9", False),
        ("localhost.example", False),
        ("mylocalhost", False),
    ],
)
def test_a_name_of_the_machine_of_the_client_itself(host: str, loopback: bool) -> None:
    assert is_loopback_name(host) is loopback
