"""The [recorder] table, and the keys of cameras that the recorder reads."""

from pathlib import Path
from typing import Any

import pytest

from framebus.config.load import ConfigError, parse
from framebus.supervision.programs import changes, programs

FILE = Path("/etc/framebus/framebus.toml")


def test_paths_are_absolute() -> None:
    table = {"state_dir": "/var/lib/framebus"}
    assert parse(table, FILE).recorder.folder == "/var/lib/framebus/recordings"
    recorder = parse({**table, "recorder": {"folder": "video", "mount_point": "/media/usb"}}, FILE).recorder
    assert (recorder.folder, recorder.mount_point) == ("/etc/framebus/video", "/media/usb")


@pytest.mark.parametrize(
    ("record", "modes"),
    [
        ("off", set()),
        ("always", {"always"}),
        (["always", "on-demand"], {"always", "on-demand"}),
        ([], set()),
        (["motion"], {"motion"}),
    ],
)
def test_modes(record: Any, modes: set[str]) -> None:
    config = parse({"camera": {"front": {"record": record, "motion": True}}}, None)

    assert config.cameras["front"].record_modes == modes
    assert config.records == bool(modes)
    assert ("recorder" in programs(config)) == bool(modes)


@pytest.mark.parametrize(
    ("table", "mistake"),
    [
        (
            {"camera": {"front": {"record": "sometimes"}}},
            'framebus.toml: camera.front.record: found "sometimes"; allowed: "off", "motion", "always", "on-demand", '
            'or a list of the last three, such as ["always", "motion"]',
        ),
        (
            {"camera": {"front": {"record": "motion"}}},
            'framebus.toml: camera.front.record: found "motion"; allowed: motion only with motion = true in the same '
            "table",
        ),
        (
            {"recorder": {"keep_days": 0}},
            "framebus.toml: recorder.keep_days: found 0; allowed: days, more than 0 and at most 36500",
        ),
        ({"recorder": {"folder": ""}}, 'framebus.toml: recorder.folder: found ""; allowed: the path of a folder'),
    ],
)
def test_mistakes(table: dict[str, Any], mistake: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse(table, None)
    assert error.value.mistakes == [mistake]


def test_a_reload_starts_the_recorder_again_and_leaves_the_cameras_alone() -> None:
    def config(**front: Any) -> Any:
        return parse({"camera": {"front": {"source": "testcard", **front}, "back": {"source": "testcard"}}}, None)

    started = changes(config(), config(record="always"))
    assert (started.start, started.restart, started.stop) == (["recorder"], [], [])
    changed = changes(config(record="always"), config(record="always", record_fps=5))
    assert (changed.start, changed.restart, changed.stop) == ([], ["recorder"], [])
    assert changed.sentences == [
        "camera front was changed",
        "recorder restarts, as [recorder], or what it reads of a camera, was changed",
    ]
    assert changes(config(record="always"), config()).stop == ["recorder"]
    assert changes(config(record="always"), config(record="always", quality=50)).restart == ["capture-front"]
