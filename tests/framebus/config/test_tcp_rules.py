"""Which endpoints over tcp a configuration may have: none that strangers could use, unless it says so in words."""

from pathlib import Path
from typing import Any

import pytest

from framebus.config.load import ConfigError, parse
from framebus.credentials.curve_keys import CurveKeys, KeyPair, changing

KEY = "x" * 40
ELSEWHERE = "tcp://10.0.0.7:5555"
RUN_ADD = "run `framebus keys add NAME` for each machine that shall connect"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "framebus.toml"


def keep(file: Path, keys: CurveKeys) -> None:
    with changing(file.with_name("framebus.secrets")) as held:
        held[0] = keys


def mistakes(file: Path, **tables: Any) -> list[str]:
    try:
        parse(tables, file)
    except ConfigError as error:
        return [line.removeprefix(f"{file}: ") for line in error.mistakes]
    return []


OFFERS = [
    ("camera.front.publish", {"camera": {"front": {"publish": "tcp://*:5555"}}}),
    ("camera.front.control", {"camera": {"front": {"control": "tcp://*:5555"}}}),
    ("snapshot.listen", {"snapshot": {"listen": "tcp://*:5555"}}),
]


@pytest.mark.parametrize(("key", "tables"), OFFERS)
def test_beyond_loopback_it_takes_keys(file: Path, key: str, tables: dict[str, Any]) -> None:
    table = key.rpartition(".")[0]
    words = f"to let everybody who can reach this machine in, unencrypted, say so with insecure_tcp = true in [{table}]"
    assert mistakes(file, **tables) == [
        f'{key}: found "tcp://*:5555"; allowed: an address beyond this machine only with a key of this machine and of '
        f"a client: {RUN_ADD}; {words}"
    ]
    keep(file, CurveKeys(server=KeyPair.make()))
    assert mistakes(file, **tables) == [
        f'{key}: found "tcp://*:5555"; allowed: an address beyond this machine only with the key of a client: '
        f"{RUN_ADD}; {words}"
    ]
    keep(file, CurveKeys(server=KeyPair.make(), clients={"tower": KEY}))
    assert mistakes(file, **tables) == []


@pytest.mark.parametrize(("key", "tables"), OFFERS)
def test_or_words_that_say_so(file: Path, key: str, tables: dict[str, Any]) -> None:
    name = key.split(".")[0]
    inner = {**(tables[name]["front"] if name == "camera" else tables[name]), "insecure_tcp": True}
    assert mistakes(file, **{name: {"front": inner} if name == "camera" else inner}) == []


def test_on_loopback_it_takes_neither(file: Path) -> None:
    camera = {"publish": "tcp://127.0.0.1:5555", "control": "tcp://localhost:5556"}
    assert mistakes(file, camera={"front": camera}, snapshot={"listen": "tcp://[::1]:5557"}) == []


def test_a_secrets_file_that_others_can_read_is_a_mistake(file: Path) -> None:
    keep(file, CurveKeys(server=KeyPair.make(), clients={"tower": KEY}))
    secrets = file.with_name("framebus.secrets")
    secrets.chmod(0o644)
    assert mistakes(file, camera={"front": {"publish": "tcp://*:5555"}}) == [
        f"secrets: {secrets} can be read by others (mode 0644); run: chmod 600 {secrets}"
    ]


def test_a_camera_of_another_machine_takes_its_key_and_ours(file: Path) -> None:
    assert mistakes(file, camera={"front": {"connect": ELSEWHERE}}) == [
        f'camera.front.connect: found "{ELSEWHERE}"; allowed: another machine only with its key: run `framebus keys '
        "server` there, and write it here as server_key in [camera.front]; for one without keys, unencrypted, say so "
        "with insecure_tcp = true in [camera.front]"
    ]
    with_key = {"front": {"connect": ELSEWHERE, "server_key": KEY}}
    assert mistakes(file, camera=with_key) == [
        f'camera.front.server_key: found "{KEY}"; allowed: only with a key of this machine in '
        f"{file.with_name('framebus.secrets')}: run `framebus keys client`"
    ]
    keep(file, CurveKeys(client=KeyPair.make()))
    assert mistakes(file, camera=with_key) == []


def test_without_keys_it_takes_words_or_loopback(file: Path) -> None:
    assert mistakes(file, camera={"front": {"connect": ELSEWHERE, "insecure_tcp": True}}) == []
    assert mistakes(file, camera={"front": {"connect": "tcp://127.0.0.1:5555"}}) == []


def test_the_controls_are_connected_by_the_same_rules(file: Path) -> None:
    camera = {"connect": "tcp://127.0.0.1:5555", "connect_control": "tcp://10.0.0.7:5556"}
    (mistake,) = mistakes(file, camera={"front": camera})
    assert mistake.startswith(
        'camera.front.connect_control: found "tcp://10.0.0.7:5556"; allowed: another machine only'
    )


@pytest.mark.parametrize("address", ["*", "0.0.0.0", "[::]", "wörkshop", "a;b"])
def test_every_address_is_none_to_connect_to(file: Path, address: str) -> None:
    assert mistakes(file, camera={"front": {"connect": f"tcp://{address}:5555", "insecure_tcp": True}}) == [
        f'camera.front.connect: found "tcp://{address}:5555"; allowed: the address of one machine, such as '
        "tcp://10.0.0.7:5555"
    ]


@pytest.mark.parametrize(
    ("key", "value"), [("source", "auto"), ("fps", 3), ("publish", "tcp://127.0.0.1:1"), ("sndbuf", 4096)]
)
def test_what_a_capture_is_told_does_not_stand_beside_connect(file: Path, key: str, value: object) -> None:
    found = f'"{value}"' if isinstance(value, str) else value
    assert mistakes(file, camera={"front": {"connect": "tcp://127.0.0.1:5555", key: value}}) == [
        f"camera.front.{key}: found {found}; allowed: only on the machine that has the camera; beside connect there is "
        "connect_control, server_key, insecure_tcp, idle_fps, still_size, title, motion, motion_zones, motion_ignore, "
        "motion_min_area, motion_sensitivity, record, record_fps, record_rendition, pre_roll, pre_roll_mb, "
        "post_roll"
    ]


def test_what_tells_of_the_other_machine_does(file: Path) -> None:
    camera = {"connect": "tcp://127.0.0.1:5555", "idle_fps": 0, "still_size": "640x480"}
    assert mistakes(file, camera={"front": camera}) == []


@pytest.mark.parametrize(("key", "value"), [("connect_control", "tcp://127.0.0.1:5556"), ("server_key", KEY)])
def test_without_connect_there_is_nothing_of_another_machine(file: Path, key: str, value: str) -> None:
    assert mistakes(file, camera={"front": {key: value}}) == [
        f'camera.front.{key}: found "{value}"; allowed: only beside connect in [camera.front]'
    ]


def test_who_makes_keys_is_not_asked_for_them(file: Path) -> None:
    config = parse({"camera": {"front": {"publish": "tcp://*:5555"}}}, file, keys=False)
    assert config.secrets == file.with_name("framebus.secrets")
