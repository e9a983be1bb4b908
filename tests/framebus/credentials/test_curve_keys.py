"""The keys in the secrets file: kept for their owner alone, and without harm to what else is there."""

import json
import multiprocessing
import os
import stat
from pathlib import Path

import msgspec
import pytest

from framebus.credentials.curve_keys import CurveKeys, KeyPair, changing, read
from framebus.credentials.secrets_file import SecretsError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "framebus.secrets"


def write(file: Path, text: str, mode: int = 0o600) -> None:
    file.write_text(text)
    file.chmod(mode)


def test_without_a_file_there_are_none(file: Path) -> None:
    assert read(file) == CurveKeys()
    assert not file.exists()


def test_what_is_changed_is_read_again_and_for_the_owner_alone(file: Path) -> None:
    server, client = KeyPair.make(), KeyPair.make()
    with changing(file) as held:
        held[0] = CurveKeys(server, None, {"tower": client.public})

    assert read(file) == CurveKeys(server, None, {"tower": client.public})
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text()) == {
        "curve": {
            "server": {"public": server.public, "secret": server.secret},
            "clients": {"tower": client.public},
        }
    }


def test_what_others_keep_there_survives(file: Path) -> None:
    write(file, '{"people": {"anna": "hash"}, "curve": {}}')

    with changing(file) as held:
        held[0] = msgspec.structs.replace(held[0], server=KeyPair.make())

    assert json.loads(file.read_text())["people"] == {"anna": "hash"}


def test_nothing_is_written_where_nothing_changes_or_the_change_fails(file: Path) -> None:
    with changing(file):
        pass
    assert not file.exists()

    def fail() -> None:
        with changing(file) as held:
            held[0] = CurveKeys(KeyPair.make())
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not file.exists()


@pytest.mark.parametrize(
    "curve",
    [
        3,
        {"server": {"public": "x"}},
        {"server": {"public": "x" * 40, "secret": "my secret, but too short"}},
        {"clients": {"a b": "x" * 40}},
        {"clients": {"a": "x" * 39}},
        {"clients": {f"c{number}": "x" * 40 for number in range(1001)}},
    ],
)
def test_what_is_no_key_is_refused_without_showing_it(file: Path, curve: object) -> None:
    write(file, json.dumps({"curve": curve}))
    with pytest.raises(SecretsError) as error:
        read(file)
    assert str(error.value) == f"{file}: curve holds an invalid key; allowed: what `framebus keys` writes there"


def test_a_folder_in_its_place_is_said(file: Path) -> None:
    file.mkdir(mode=0o700)
    with pytest.raises(SecretsError) as error:
        read(file)
    assert str(error.value) == f"{file} cannot be read: found a folder; allowed: a file"


def test_a_key_pair_shows_no_secret() -> None:
    pair = KeyPair.make()
    assert pair.secret not in repr(pair)
    assert pair.secret not in repr(CurveKeys(pair, pair))


def list_one(file: Path, number: int) -> None:
    with changing(file) as held:
        held[0] = msgspec.structs.replace(held[0], clients={**held[0].clients, f"c{number}": "x" * 40})


@pytest.mark.slow
def test_two_who_change_it_at_once_both_do(file: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=list_one, args=(file, number)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert sorted(read(file).clients) == ["c0", "c1", "c2", "c3"]


@pytest.mark.root
def test_a_file_that_root_changes_stays_its_owners(file: Path) -> None:
    write(file, "{}")
    os.chown(file, 1234, 1235)
    with changing(file) as held:
        held[0] = CurveKeys(KeyPair.make())
    assert (file.stat().st_uid, file.stat().st_gid) == (1234, 1235)
