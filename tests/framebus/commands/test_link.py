"""`framebus link`: for a user and for a guest."""

import argparse

import pytest

from framebus.commands import link
from framebus.config.load import Config
from framebus.credentials import accounts, links
from framebus.credentials.accounts import User, fingerprint
from tests.conftest import Configure

ANNA = User("scrypt$hash")


@pytest.fixture
def config(configure: Configure) -> Config:
    config = configure()
    with accounts.changing(config.secrets) as changed:
        changed.users["anna"] = ANNA
    return config


def run(config: Config, *words: str) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--config")
    link.add(parser)
    return link.run(parser.parse_args([*words, "--config", str(config.path)]))


def secret_of(capsys: pytest.CaptureFixture[str]) -> str:
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("http://127.0.0.1:")
    return lines[0].rpartition("/link/")[2]


def test_a_link_for_a_user(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(config, "anna") == 0
    found = links.redeem(config.state_dir, secret_of(capsys))
    assert found is not None
    assert (found.kind, found.name, found.fingerprint) == ("user", "anna", fingerprint(ANNA.scrypt))


def test_a_link_for_a_guest_makes_one_token(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert run(config, "friend", "--guest", "--camera", "front") == 0
        found = links.redeem(config.state_dir, secret_of(capsys))
        token = accounts.read(config.secrets).tokens["friend"]
        assert (token.scopes, token.cameras) == (("view",), ("front",))
        assert found is not None
        assert (found.kind, found.fingerprint) == ("token", fingerprint(token.sha256))
    assert run(config, "friend", "--guest") == 2
    assert "there is a token friend already, for view of front; choose another name" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["bert"], "there is no user bert; there is anna; for a guest, add --guest"),
        (["anna", "--camera", "front"], "--scope and --camera are for a guest"),
        (["anna", "--minutes", "0"], "--minutes: found 0; allowed: more than 0 and at most 1440"),
        (["anna", "--minutes", "nan"], "--minutes: found nan"),
        (["a b", "--guest"], "name 'a b'; allowed: "),
        (["x", "--guest", "--camera", "frnt"], 'did you mean "front"?'),
    ],
)
def test_what_cannot_be_is_refused(
    config: Config, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(config, *words) == 2
    assert said in capsys.readouterr().err
    assert links.pending(config.state_dir) == []
