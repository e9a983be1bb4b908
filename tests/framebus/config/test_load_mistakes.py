"""framebus.toml: a sentence for every mistake in it, and for a file that cannot be read."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framebus.config.camera import CameraConfig
from framebus.config.gateway import GatewayConfig
from framebus.config.load import ConfigError, load, parse
from framebus.config.snapshot import SnapshotConfig

NAME_ALLOWED = "a camera's name is 1 to 32 of a-z, 0-9, - and _, the first a letter or a digit"
CAMERA_KEYS = ", ".join(sorted(CameraConfig.__struct_fields__))
GATEWAY_KEYS = ", ".join(sorted(GatewayConfig.__struct_fields__))
SIZE_ALLOWED = 'WIDTHxHEIGHT in pixels, each from 16 to 8192, such as "1280x720"'
LOOPBACK_ALLOWED = (
    "a loopback address such as 127.0.0.1:8080; to let people in with a password, run `framebus passwd NAME` first; "
    "to let everybody who can reach this machine watch, say so with allow_anonymous = true in [gateway]"
)
TOP_ALLOWED = (
    "allowed: run_dir, state_dir, secrets, user, group, [camera.NAME], [gateway], [snapshot], [recorder], "
    "[program.NAME]"
)


def mistakes(table: dict[str, Any], path: Path | None = None) -> list[str]:
    """Every mistake in a configuration that has some."""
    with pytest.raises(ConfigError) as caught:
        parse(table, path)
    assert str(caught.value) == "\n".join(caught.value.mistakes)
    return caught.value.mistakes


# Files that cannot be read


def load_mistakes(file: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(file)
    return caught.value.mistakes


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    file = tmp_path / "none.toml"
    assert load_mistakes(file) == [f"{file}: No such file or directory; allowed: a file that can be read"]


def test_a_directory_is_refused(tmp_path: Path) -> None:
    assert load_mistakes(tmp_path) == [f"{tmp_path}: found a folder; allowed: a file"]


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "framebus.toml"
    file.write_bytes('run_dir = "/tmp/Küche"'.encode("latin-1"))
    assert load_mistakes(file) == [f"{file}: found a byte that is no UTF-8 at offset 17; allowed: TOML in UTF-8"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "[camera.front\n",
            "line 1, column 14: not valid TOML: a table begins with its name in brackets, without spaces, such as "
            "[camera.front]\n    [camera.front\n                 ^",
        ),
        (
            "fps = = 3",
            "line 1, column 7: not valid TOML: one = too many; write fps = 3\n    fps = = 3\n          ^",
        ),
    ],
)
def test_what_is_no_toml_is_refused(text: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "framebus.toml"
    file.write_text(text)
    assert load_mistakes(file) == [f"{file}: {reason}"]


# Mistakes


def test_every_mistake_of_a_file_is_named_at_once(tmp_path: Path) -> None:
    file = tmp_path / "framebus.toml"
    file.write_text(
        'rundir = "/run/x"\nrun_dir = 5\n'
        '[camera.Front]\nsize = "big"\nfps = 0\n[camera.back]\nsourc = "auto"\nquality = 101\norientation = "up"\n'
        '[gateway]\nlisten = "0.0.0.0:8080"\nmax_viewer = 3\nmax_viewers = 0\n[snapshot]\nstale_after = true\n'
        "[gatway]\n"
    )

    assert load_mistakes(file) == [
        f'{file}: rundir: found a key unknown to framebus; {TOP_ALLOWED}; did you mean "run_dir"?',
        f'{file}: gatway: found a key unknown to framebus; {TOP_ALLOWED}; did you mean "[gateway]"?',
        f"{file}: run_dir: found 5; allowed: the path of a folder",
        f'{file}: camera.Front: found "Front"; allowed: {NAME_ALLOWED}',
        f'{file}: camera.Front.size: found "big"; allowed: {SIZE_ALLOWED}',
        f"{file}: camera.Front.fps: found 0; allowed: frames a second, more than 0 and at most 240",
        f"{file}: camera.back.sourc: found a key unknown to framebus; allowed in [camera.back]: "
        f'{CAMERA_KEYS}; did you mean "source"?',
        f"{file}: camera.back.quality: found 101; allowed: a whole number from 1 to 100",
        f'{file}: camera.back.orientation: found "up"; allowed: an EXIF orientation, a whole number from 1 to 8',
        f"{file}: gateway.max_viewer: found a key unknown to framebus; allowed in [gateway]: "
        f'{GATEWAY_KEYS}; did you mean "max_viewers"?',
        f"{file}: gateway.max_viewers: found 0; allowed: a whole number from 1 to 100000",
        f'{file}: gateway.listen: found "0.0.0.0:8080"; allowed: {LOOPBACK_ALLOWED}',
        f"{file}: snapshot.stale_after: found true; allowed: seconds, more than 0 and at most 86400",
    ]


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ({"run_dir": ""}, 'run_dir: found ""; allowed: the path of a folder'),
        ({"run_dir": ["/tmp"]}, "run_dir: found a list; allowed: the path of a folder"),
        ({"run_dir": "/tmp/a\0b"}, 'run_dir: found "/tmp/a\\x00b"; allowed: the path of a folder'),
        (
            {"run_dir": "~nobody-of-this-name/run"},
            'run_dir: found "~nobody-of-this-name/run"; '
            "allowed: a path without ~, as there is no such home folder here",
        ),
        (
            {"camera": {"clip": {"source": "~nobody-of-this-name/a.mp4"}}},
            'camera.clip.source: found "~nobody-of-this-name/a.mp4"; '
            "allowed: a path without ~, as there is no such home folder here",
        ),
        ({"camera": 3}, "camera: found 3; allowed: tables: [camera.NAME]"),
        ({"camera": [{}]}, "camera: found a list; allowed: tables: [camera.NAME]"),
        ({"camera": {"front": "auto"}}, 'camera.front: found "auto"; allowed: a table: [camera.front]'),
        (
            {"camera": {"fps": 30}},
            "camera.fps: found 30; allowed: a table for each camera: [camera.front] and in it fps = …",
        ),
        ({"camera": {"": {}}}, f'camera.: found ""; allowed: {NAME_ALLOWED}'),
        ({"camera": {"-a": {}}}, f'camera.-a: found "-a"; allowed: {NAME_ALLOWED}'),
        ({"camera": {"x" * 33: {}}}, f'camera.{"x" * 33}: found "{"x" * 33}"; allowed: {NAME_ALLOWED}'),
        ({"camera": {f"c{n}": {} for n in range(33)}}, 'camera: found "33 cameras"; allowed: at most 32'),
        ({"gateway": []}, "gateway: found a list; allowed: a table: [gateway]"),
        ({"snapshot": 1}, "snapshot: found 1; allowed: a table: [snapshot]"),
        ({"doctor": {}}, f"doctor: found a key unknown to framebus; {TOP_ALLOWED}"),
        (
            {"camera": {"a": {"source": "testcrd"}}},
            'camera.a.source: found "testcrd"; allowed: auto, testcard, picamera2, picamera2:N, v4l2:/dev/videoN, '
            "v4l2:serial=…, v4l2:name=…, "
            "a URL (rtsp://…, http://…), the path of a file, or program (a program of yours publishes it); "
            'did you mean "testcard"?',
        ),
        (
            {"camera": {"a": {"idle_fps": -1}}},
            "camera.a.idle_fps: found -1; allowed: frames a second from 0 (the camera is closed while idle) to 240",
        ),
        (
            {"camera": {"a": {"fps": float("nan")}}},
            "camera.a.fps: found nan; allowed: frames a second, more than 0 and at most 240",
        ),
        (
            {"gateway": {"allow_anonymous": "yes"}},
            'gateway.allow_anonymous: found "yes"; allowed: true or false',
        ),
        (
            {"gateway": {"workers": 33}},
            "gateway.workers: found 33; allowed: a whole number from 1 to 32",
        ),
        (
            {"gateway": {"snapshot_timeout": 61}},
            "gateway.snapshot_timeout: found 61; allowed: seconds, more than 0 and at most 60",
        ),
    ],
)
def test_a_mistake_is_named(table: dict[str, Any], line: str) -> None:
    assert mistakes(table) == [f"framebus.toml: {line}"]


@pytest.mark.parametrize("listen", ["0.0.0.0:8080", ":8080", "[::]:80", "192.168.1.5:80", "camera.local:80"])
def test_a_gateway_beyond_loopback_needs_accounts_or_allow_anonymous(listen: str) -> None:
    assert mistakes({"gateway": {"listen": listen}}, Path("/etc/framebus.toml")) == [
        f'/etc/framebus.toml: gateway.listen: found "{listen}"; allowed: {LOOPBACK_ALLOWED}'
    ]


# Anything at all

texts = st.text(max_size=12) | st.sampled_from(
    ["auto", "clip.mp4", "~", "~x/y", "640x480", "127.0.0.1:80", "\0", "1:2"]
)


scalars = st.booleans() | st.integers() | st.floats() | texts | st.datetimes()
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)


def tables(*keys: str) -> st.SearchStrategy[Any]:
    """Tables that look like what is meant, and now and then something else."""
    return st.dictionaries(st.sampled_from(keys) | texts, anything, max_size=4) | anything


files = st.dictionaries(texts, anything, max_size=2) | st.fixed_dictionaries(
    {},
    optional={
        "run_dir": anything,
        "camera": st.dictionaries(
            texts | st.sampled_from(["front", "fps"]), tables(*CameraConfig.__struct_fields__), max_size=3
        ),
        "gateway": tables(*GatewayConfig.__struct_fields__),
        "snapshot": tables(*SnapshotConfig.__struct_fields__),
    },
)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(files)
def test_any_table_is_a_configuration_or_has_its_mistakes_named(table: dict[str, Any]) -> None:
    lines = ["/etc/framebus.toml: none"]
    try:
        config = parse(table, Path("/etc/framebus.toml"))
    except ConfigError as error:
        lines = error.mistakes
    else:
        assert config.run_dir.is_absolute()
        assert config.first_camera in config.cameras
    assert lines
    assert all(line.startswith("/etc/framebus.toml: ") for line in lines)


def test_a_table_that_stands_there_twice_is_named(tmp_path: Path) -> None:
    file = tmp_path / "framebus.toml"
    file.write_text("[camera.front]\nfps = 3\n[camera.front]\nfps = 4\n")
    with pytest.raises(ConfigError) as error:
        load(file)
    assert error.value.mistakes == [
        f"{file}: line 3, column 14: not valid TOML: [camera.front] is there already on line 1; allowed: one table of "
        "each name, with all of its keys\n    [camera.front]\n                 ^"
    ]


@pytest.mark.parametrize(
    ("endpoint", "insecure", "right"),
    [
        ("tcp://127.0.0.1:5555", False, True),
        ("tcp://[::1]:5555", False, True),
        ("tcp://*:5555", True, True),
        ("tcp://10.0.0.7:5555", True, True),
        ("tcp://*:5555", False, False),
        ("tcp://10.0.0.7:5555", False, False),
        ("tcp://:5555", True, False),
        ("127.0.0.1:5555", False, False),
        ("ipc:///tmp/x", False, False),
        ("tcp://127.0.0.1", False, False),
    ],
)
def test_frames_are_published_over_tcp_only_where_that_is_meant(endpoint: str, insecure: bool, right: bool) -> None:
    table = {"camera": {"front": {"publish": endpoint, "insecure_tcp": insecure}}}
    if right:
        assert str(parse(table, None).cameras["front"].publish) == endpoint
        return
    with pytest.raises(ConfigError) as error:
        parse(table, None)
    (mistake,) = error.value.mistakes
    assert mistake.startswith(f'framebus.toml: camera.front.publish: found "{endpoint}"; allowed: ')


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "framebus.toml"
    os.mkfifo(pipe)
    assert load_mistakes(pipe) == [f"{pipe}: found a device or a pipe; allowed: a file"]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("a = " + "[" * 3000 + "]" * 3000, "not valid TOML: lists or tables nested too deep"),
        (f"[camera.front]\nquality = 0x{'f' * 5000}", "camera.front.quality: found a number of thousands of digits; "),
        (f"[camera.front]\nquality = {'9' * 5000}", "not valid TOML: Exceeds the limit"),
    ],
)
def test_what_python_cannot_read_is_a_mistake_too(text: str, mistake: str, tmp_path: Path) -> None:
    file = tmp_path / "framebus.toml"
    file.write_text(text)
    (found,) = load_mistakes(file)
    assert found.startswith(f"{file}: {mistake}")
