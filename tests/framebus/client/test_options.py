"""The arguments of both subscribers: what is refused with which text, and which endpoint results."""

import math
import pickle
from pathlib import Path
from typing import Any

import pytest

from framebus.client.options import SubscriberOptions, absolute, check_camera, check_configured, check_seconds
from framebus.config.load import ConfigError, parse
from framebus.errors import ArgumentError
from framebus.transport.endpoints import Endpoint
from tests.conftest import Configure


def made(**options: Any) -> SubscriberOptions:
    return SubscriberOptions(**{"camera": "front", **options})


@pytest.mark.parametrize(
    "name", ["", "Front door", "front\n", "-front", "a" * 33, "../front", "front\0", None, 7, b"front"]
)
def test_an_invalid_camera_name_is_refused_with_what_is_allowed(name: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        check_camera(name)
    assert str(caught.value) == (
        f"camera {name!r}: allowed are 1 to 32 of a-z, 0-9, - and _, the first a letter or a digit"
    )


@pytest.mark.parametrize("name", ["a", "0", "back-door_2", "a" * 32])
def test_a_valid_camera_name_is_accepted(name: str) -> None:
    check_camera(name)
    assert made(camera=name).topic == f"live/{name}\n".encode()


@pytest.mark.parametrize("seconds", [None, 0, -1, 0.5, math.inf, -math.inf, 2**70, True])
def test_any_length_of_time_is_accepted(seconds: Any) -> None:
    check_seconds("timeout", seconds)


@pytest.mark.parametrize("seconds", [math.nan, "1", [1], b"1", 1j])
def test_a_value_that_is_not_a_length_of_time_is_refused(seconds: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        check_seconds("max_age", seconds)
    assert str(caught.value) == f"max_age {seconds!r}: allowed are seconds, or None"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"camera": "Front"}, "camera 'Front': allowed are "),
        ({"kind": "status"}, "kind 'status': allowed are live, peek"),
        ({"rendition": "full"}, "rendition 'full': allowed are half, quarter, or None"),
        ({"rendition": "half", "kind": "peek"}, "rendition 'half': allowed only with kind 'live', not 'peek'"),
        ({"kind": None}, "kind None: allowed are live, peek"),
        ({"queue": -1}, "queue -1: allowed are frames, a whole number from 0 to 10000"),
        ({"queue": 10_001}, "queue 10001: allowed are frames, a whole number from 0 to 10000"),
        ({"queue": True}, "queue True: allowed are frames, a whole number from 0 to 10000"),
        ({"queue": 1.5}, "queue 1.5: allowed are frames, a whole number from 0 to 10000"),
        ({"timeout": math.nan}, "timeout nan: allowed are seconds, or None"),
        ({"max_age": "5"}, "max_age '5': allowed are seconds, or None"),
    ],
)
def test_invalid_options_cannot_be_made(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        made(**changes)
    assert str(caught.value).startswith(text)


def test_the_topic_is_that_of_the_kind() -> None:
    assert made().topic == b"live/front\n"
    assert made(kind="peek").topic == b"peek/front\n"
    assert made(rendition="half").topic == b"half/front\n"


def test_options_can_be_pickled() -> None:
    options = made(timeout=1.5, max_age=2, endpoint="tcp://10.0.0.7:5555", config="/etc/framebus.toml")

    assert pickle.loads(pickle.dumps(options)) == options


def test_another_subscriber_is_made_of_its_arguments() -> None:
    options = made(kind="peek", queue=5)

    assert SubscriberOptions(**options.arguments()) == options


def test_the_path_of_a_configuration_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert absolute("framebus.toml") == f"{tmp_path}/framebus.toml"
    assert absolute(Path("/etc/framebus.toml")) == "/etc/framebus.toml"
    assert absolute(None) is None


def test_an_endpoint_of_the_caller_needs_no_configuration(tmp_path: Path) -> None:
    options = made(endpoint="tcp://10.0.0.7:5555", config=f"{tmp_path}/missing.toml")

    assert options.find() == Endpoint("tcp://10.0.0.7:5555")


def test_without_an_endpoint_the_configuration_names_it(configure: Configure) -> None:
    config = configure()

    assert made(config=str(config.path)).find() == Endpoint(f"ipc://{config.run_dir}/front.frames")


def test_a_camera_that_the_configuration_lacks_is_refused_with_those_it_has(configure: Configure) -> None:
    config = configure('[camera.front]\nsource = "testcard"\n[camera.back]\nsource = "testcard"\n')

    with pytest.raises(ConfigError) as caught:
        made(camera="frnt", config=str(config.path)).find()
    assert caught.value.mistakes == ['there is no camera frnt; there is front, back; did you mean "front"?']
    with pytest.raises(ConfigError) as caught:
        check_configured("garden", config)
    assert caught.value.mistakes == ["there is no camera garden; there is front, back"]


def test_without_a_configuration_file_any_camera_may_exist() -> None:
    check_configured("garden", parse({}, None))
