import msgspec
import pytest

from framebus.config.load import Config, parse
from framebus.runtime.launch import record_of
from framebus.supervision.programs import changes, programs, refusals

CAMERAS = {"front": {"source": "testcard"}, "garden": {"source": "testcard"}}
TWO = {"camera": CAMERAS, "gateway": {"workers": 2}}


def config(**tables: object) -> Config:
    return parse({"run_dir": "/run/x", **TWO, **tables}, None)


def test_every_process_is_there_once() -> None:
    found = programs(config(camera={**CAMERAS, "far": {"connect": "tcp://127.0.0.1:5555"}}))
    assert {name: program.arguments for name, program in found.items()} == {
        "gateway": "gateway",
        "snapshot": "snapshot",
        "capture-front": "capture front",
        "capture-garden": "capture garden",
        "gateway-1": "gateway --worker 1",
    }


def test_the_same_configuration_changes_nothing() -> None:
    found = changes(config(), config())
    assert (found.stop, found.start, found.restart) == ([], [], [])
    assert found.sentences == ["nothing was changed"]


@pytest.mark.parametrize(
    ("tables", "stop", "start", "restart", "sentences"),
    [
        ({"camera": {"front": {"source": "testcard"}}}, ["capture-garden"], [], [], ["camera garden was removed"]),
        (
            {"camera": {**CAMERAS, "yard": {"source": "testcard"}}},
            [],
            ["capture-yard"],
            [],
            ["camera yard was added"],
        ),
        (
            {"camera": {"front": {"source": "testcard"}, "garden": {"source": "testcard", "fps": 5}}},
            [],
            [],
            ["capture-garden"],
            ["camera garden was changed"],
        ),
        (
            {"camera": {"front": {"source": "testcard"}, "garden": {"connect": "tcp://127.0.0.1:5555"}}},
            ["capture-garden"],
            [],
            [],
            ["camera garden was changed"],
        ),
        (
            {"gateway": {"workers": 2, "max_viewers": 9}},
            [],
            [],
            ["gateway", "gateway-1"],
            ["gateway restarts, as [gateway] was changed"],
        ),
        (
            {"gateway": {"workers": 3}},
            [],
            ["gateway-2"],
            ["gateway", "gateway-1"],
            ["gateway restarts, as [gateway] was changed"],
        ),
        (
            {"snapshot": {"history": 5}},
            [],
            [],
            ["snapshot"],
            ["snapshot restarts, as [snapshot] was changed"],
        ),
        (
            {"camera": {"garden": {"source": "testcard"}, "front": {"source": "testcard"}}},
            [],
            [],
            [],
            ["the order of the cameras was changed; the first is garden"],
        ),
        (
            {"state_dir": "/var/x"},
            [],
            [],
            ["gateway", "snapshot", "capture-front", "capture-garden", "gateway-1"],
            [
                "gateway restarts, as state_dir or secrets was changed",
                "snapshot restarts, as state_dir or secrets was changed",
                "all cameras restart, as state_dir or secrets was changed",
            ],
        ),
    ],
)
def test_only_what_reads_the_changed_part_restarts(
    tables: dict[str, object], stop: list[str], start: list[str], restart: list[str], sentences: list[str]
) -> None:
    found = changes(config(), config(**tables))
    assert (found.stop, found.start, found.restart, found.sentences) == (stop, start, restart, sentences)


def test_every_key_of_a_camera_restarts_its_capture() -> None:
    """A key that is added later is compared as well."""
    before = config()
    for key in before.cameras["front"].__struct_fields__:
        camera = msgspec.structs.replace(before.cameras["front"], **{key: "another value"})
        assert programs(before)["capture-front"].part[-1] != camera


def test_what_supervisord_itself_depends_on_takes_a_restart() -> None:
    assert refusals(config(), config()) == []
    assert refusals(config(), config(user="anna")) == [
        "None: user: changed from nothing to anna; that takes a restart of framebus"
    ]


def test_programs_of_the_user_are_added_changed_and_removed() -> None:
    one, other = {"command": ["true"]}, {"command": ["false"]}
    old = config(program={"a": one, "b": one, "c": one})
    new = config(program={"b": one, "c": other, "d": one})
    found = changes(old, new)
    assert (found.stop, found.start, found.restart) == (["program-a"], ["program-d"], ["program-c"])
    assert found.sentences == ["program a was removed", "program c was changed", "program d was added"]


def with_motion(**keys: object) -> Config:
    return config(camera={**CAMERAS, "front": {"source": "testcard", "motion": True, **keys}})


def test_motion_detection_is_a_process_where_a_camera_has_it() -> None:
    assert programs(with_motion())["motion"].arguments == "recorder.motion"
    found = changes(config(), with_motion())
    assert (found.stop, found.start, found.restart) == ([], ["motion"], ["capture-front"])


def test_what_a_process_leaves_is_found_by_the_name_of_its_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Why it has ended, and how often it has crashed."""
    monkeypatch.setenv("FRAMEBUS_RUN_DIR", "/run/x")
    camera = {"source": "testcard", "motion": True, "record": "motion"}
    found = programs(config(camera={"front": camera}, program={"a-b": {"command": ["true"]}}))
    assert set(found) == {"gateway", "gateway-1", "snapshot", "recorder", "motion", "capture-front", "program-a-b"}
    records = {name: record_of([program.option, *program.arguments.split()]) for name, program in found.items()}
    assert records == {name: f"/run/x/{name}.starts" for name in found}


def test_a_zone_restarts_motion_detection_and_no_camera() -> None:
    found = changes(with_motion(), with_motion(motion_zones=[[0, 0, 1, 0.5]]))
    assert (found.stop, found.start, found.restart) == ([], [], ["motion"])
    assert found.sentences == [
        "camera front was changed",
        "motion restarts, as what it reads of a camera was changed",
    ]
    assert changes(with_motion(), with_motion(quality=50)).restart == ["capture-front"]


def with_recording(**keys: object) -> Config:
    return config(camera={**CAMERAS, "front": {"source": "testcard", "record": "always", **keys}})


def test_the_recorder_is_a_process_where_a_camera_is_recorded() -> None:
    assert programs(with_recording())["recorder"].arguments == "recorder"
    found = changes(config(), with_recording())
    assert (found.stop, found.start, found.restart) == ([], ["recorder"], [])


@pytest.mark.parametrize(
    ("keys", "restart"),
    [
        ({"pre_roll": 7}, ["recorder"]),
        ({"fps": 10}, ["capture-front", "recorder"]),  # from now on every frame is taken
        ({"fps": 20}, ["capture-front"]),
        ({"quality": 50}, ["capture-front"]),
        ({"motion": True}, ["capture-front", "recorder"]),  # from now on there are events
    ],
)
def test_what_the_recorder_reads_of_a_camera_restarts_it(keys: dict[str, object], restart: list[str]) -> None:
    assert sorted(changes(with_recording(), with_recording(**keys)).restart) == restart
