"""`framebus keys`: keys are made once, shown without their secrets, listed and removed."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from framebus.__main__ import main
from framebus.credentials.curve_keys import KeyPair, read

Keys = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a configuration that takes keys, and has none yet."""
    (tmp_path / "framebus.toml").write_text('[camera.front]\npublish = "tcp://*:5555"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRAMEBUS_CONFIG", "framebus.toml")
    return tmp_path


@pytest.fixture
def keys(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Keys:
    """`framebus keys ARGUMENTS`: the exit status, and what it printed to stdout and stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["framebus", "keys", *arguments])
        status = main()
        printed = capsys.readouterr()
        using, _, hints = printed.err.rpartition(f"secrets: {secrets_file(folder)}\n")
        assert not using or using == f"configuration: {folder}/framebus.toml; "
        return status, printed.out, hints

    return run


def secrets_file(folder: Path) -> Path:
    """The secrets file that the configuration names."""
    named = "there.secrets" in (folder / "framebus.toml").read_text()
    return folder / ("there.secrets" if named else "framebus.secrets")


def secrets_of(folder: Path) -> list[str]:
    """Everything that must not be shown."""
    found = read(folder / "framebus.secrets")
    return [pair.secret for pair in (found.server, found.client) if pair is not None]


@pytest.mark.parametrize("which", ["server", "client"])
def test_a_key_is_made_once_and_shown(keys: Keys, folder: Path, which: str) -> None:
    status, shown, hint = keys(which)
    assert status == 0
    assert keys(which)[1] == shown
    pair = getattr(read(folder / "framebus.secrets"), which)
    assert shown == f"{pair.public}\n"
    assert pair.secret not in shown + hint
    if which == "client":
        assert hint == f"on the machine with the camera, run: framebus keys add NAME --public='{pair.public}'\n"
    else:
        assert hint == (
            "on the machine that watches these cameras, set it as server_key beside connect in [camera.NAME]\n"
        )


def test_a_key_made_elsewhere_is_listed(keys: Keys, folder: Path) -> None:
    public = KeyPair.make().public
    status, shown, hint = keys("add", "tower", f"--public={public}")
    found = read(folder / "framebus.secrets")
    assert (status, shown) == (0, "")
    assert found.server is not None
    assert found.clients == {"tower": public}
    assert hint == (f'tower can connect; set there: server_key = "{found.server.public}"\n')


def test_a_key_made_here_is_used_on_the_other_machine(keys: Keys, folder: Path) -> None:
    status, shown, hint = keys("add", "tower")
    file = folder / "tower.key"
    assert (status, shown) == (0, "")
    assert (
        hint == "tower can connect; copy tower.key there, run `framebus keys client --take tower.key` there, and then "
        "delete both files\n"
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    here = read(folder / "framebus.secrets")
    assert here.server is not None
    assert json.loads(file.read_text())["client"]["secret"] not in (folder / "framebus.secrets").read_text()

    (folder / "framebus.toml").write_text('secrets = "there.secrets"\n')
    status, shown, hint = keys("client", "--take", "tower.key")
    there = read(folder / "there.secrets").client
    assert there is not None
    assert there.public == here.clients["tower"]
    assert (status, shown) == (0, f"{there.public}\n")
    assert hint == f'set beside connect in [camera.NAME]: server_key = "{here.server.public}"\n'


def test_all_are_listed_without_secrets(keys: Keys, folder: Path) -> None:
    assert keys("list") == (
        0,
        f"{'none yet':40}  this machine, as a server\n{'none yet':40}  this machine, as a client\n",
        "",
    )
    (server, client) = (keys("server")[1].strip(), keys("client")[1].strip())
    public = KeyPair.make().public
    keys("add", "tower", f"--public={public}")
    status, shown, _ = keys("list")
    assert status == 0
    assert shown == (
        f"{server}  this machine, as a server\n{client}  this machine, as a client\n{public}  client tower\n"
    )
    assert not any(secret in shown for secret in secrets_of(folder))


def test_a_client_is_removed(keys: Keys, folder: Path) -> None:
    keys("add", "tower")
    keys("add", "desk")
    assert keys("remove", "tower") == (0, "", "removed client tower\n")
    assert list(read(folder / "framebus.secrets").clients) == ["desk"]
    assert keys("remove", "desk") == (
        0,
        "",
        "removed client desk\n"
        "no client is listed any more: framebus will not start again with a tcp address beyond this machine\n",
    )


def test_an_invalid_argument_is_refused(keys: Keys, folder: Path) -> None:
    public = KeyPair.make().public
    keys("add", "tower", f"--public={public}")
    before = (folder / "framebus.secrets").read_bytes()
    refusals = {
        ("add", "tower"): "tower is listed already; run first: framebus keys remove tower",
        ("add", "desk", f"--public={public}"): "this key is listed already, as tower",
        ("add", "desk", "--public=abc"): (
            "--public: found 'abc'; allowed: the 40 characters that `framebus keys client` prints"
        ),
        ("add", "No"): "name: found 'No'; allowed: 1 to 32 of a-z, 0-9, - and _, the first a letter or a digit",
        ("add", "desk", "-o", "framebus.toml"): (
            "framebus.toml cannot be written: File exists; name another file with -o"
        ),
        ("remove", "towr"): 'there is no client towr; there is tower; did you mean "tower"?',
        ("client", "--take", "framebus.toml"): (
            "framebus.toml is no key file; allowed: one that `framebus keys add` wrote"
        ),
        ("client", "--take", "x.key"): "x.key cannot be read: No such file or directory",
    }
    for arguments, sentence in refusals.items():
        assert keys(*arguments) == (1, "", f"{sentence}\n")
    assert (folder / "framebus.secrets").read_bytes() == before


def test_another_key_is_not_overwritten(keys: Keys, folder: Path) -> None:
    keys("add", "tower")
    own = keys("client")[1].strip()
    status, _, refusal = keys("client", "--take", "tower.key")
    assert status == 1
    assert refusal == (
        "this machine has another key already; list that one on the other machine: "
        f"framebus keys add NAME --public='{own}'\n"
    )


def test_mistakes_of_the_configuration_are_reported(keys: Keys, folder: Path) -> None:
    (folder / "framebus.toml").write_text("[camera.front]\nfps = 0\n")
    status, _, refusal = keys("server")
    assert status == 2
    assert refusal.startswith("framebus.toml: camera.front.fps: found 0; allowed: ")


def test_a_file_that_others_can_read_is_refused(keys: Keys, folder: Path) -> None:
    keys("server")
    secrets = folder / "framebus.secrets"
    secrets.chmod(0o640)
    assert keys("list") == (1, "", f"{secrets} can be read by others (mode 0640); run: chmod 600 {secrets}\n")
