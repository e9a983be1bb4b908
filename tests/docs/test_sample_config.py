"""framebus.toml at the top of the repository documents the configuration: it can't fall behind the code."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
import pytest
from msgspec.structs import fields

from framebus.config.camera import CameraConfig
from framebus.config.gateway import GatewayConfig
from framebus.config.load import load, parse
from framebus.config.recorder import RecorderConfig
from framebus.config.snapshot import SnapshotConfig

SAMPLE = Path(__file__).parents[2] / "framebus.toml"
TEXT = SAMPLE.read_text()

STRUCTS: dict[str, type[msgspec.Struct]] = {
    "camera.front": CameraConfig,
    "gateway": GatewayConfig,
    "snapshot": SnapshotConfig,
    "recorder": RecorderConfig,
}
KEYS = [
    (table, field.name) for table, struct in STRUCTS.items() for field in fields(struct) if field.default is not None
]
UNSET_KEYS = [
    (table, field.name) for table, struct in STRUCTS.items() for field in fields(struct) if field.default is None
]


def sections() -> dict[str, str]:
    """The text of each table, by its name; what stands before the first one has the empty name."""
    names = re.findall(r"^\[(.+)\]$", TEXT, flags=re.M)
    return dict(zip(["", *names], re.split(r"^\[.+\]$", TEXT, flags=re.M), strict=True))


def comment_of(table: str, key: str) -> str:
    """The comment right above a key, as one line."""
    found = re.search(rf"((?:^# .*\n)+)#?{key} = ", sections()[table], flags=re.M)
    assert found, f"{key} has no comment"
    return " ".join(line.removeprefix("# ") for line in found[1].splitlines())


def what_is_allowed(hint: Any) -> str:
    """The words of the code's own error text."""
    if get_origin(hint) is Annotated:
        return next(str(note.description) for note in get_args(hint) if isinstance(note, msgspec.Meta))
    return "true or false" if hint is bool else str(hint.ALLOWED)


def choices() -> Iterator[tuple[str, str]]:
    """Each line that can be switched on, with the table that it is in."""
    for table, text in sections().items():
        yield from ((table, line) for line in re.findall(r"^#([a-z].*)", text, flags=re.M))


def test_it_is_the_defaults() -> None:
    defaults = parse({}, None)

    assert load(SAMPLE) == msgspec.structs.replace(defaults, path=SAMPLE)


@pytest.mark.parametrize(("table", "key"), KEYS)
def test_every_key_has_a_line(table: str, key: str) -> None:
    content: Any = tomllib.loads(TEXT)
    for name in table.split("."):
        content = content[name]

    assert key in content


@pytest.mark.parametrize(("table", "key"), [("", "run_dir"), *KEYS])
def test_above_every_key_stands_its_default_and_what_is_allowed(table: str, key: str) -> None:
    comment = comment_of(table, key)

    assert re.search(r"(?:Default: .*Allowed: .*)(?:Change|Set|Lower|Raise) ", comment)
    if table:
        value = re.search(rf"^{key} = (.*)$", sections()[table], flags=re.M)
        assert value
        assert re.search(rf"Default: {re.escape(value[1])}[.,]", comment)
        assert f"Allowed: {what_is_allowed(get_type_hints(STRUCTS[table], include_extras=True)[key])}" in comment


@pytest.mark.parametrize(("table", "key"), UNSET_KEYS)
def test_a_key_without_a_default_stands_there_as_a_choice(table: str, key: str) -> None:
    assert re.search(r"Default: unset, .*Allowed: .*(?:Change|Set|Lower|Raise) ", comment_of(table, key))
    assert re.search(rf"^#{key} = ", sections()[table], flags=re.M)


@pytest.mark.parametrize(("table", "line"), list(choices()))
def test_every_choice_is_one(table: str, line: str) -> None:
    content = tomllib.loads(f"[{table}]\n{line}" if table else line)
    if table == "gateway":
        content["gateway"].setdefault("allow_anonymous", True)
    if line.startswith(("tls_cert", "tls_key")):  # one takes the other
        content["gateway"] |= {"tls_cert": "framebus.crt", "tls_key": "framebus.key"}
    if line.startswith(("connect_control", "server_key")):
        content["camera"]["front"]["connect"] = "tcp://127.0.0.1:5555"

    chosen = parse(content, SAMPLE, keys=False)

    assert chosen != parse({}, SAMPLE)


def test_there_are_choices_for_every_table() -> None:
    assert {table for table, _ in choices()} == {"", *STRUCTS}
