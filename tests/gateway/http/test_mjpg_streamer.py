"""The actions of mjpg-streamer."""

import pytest

from gateway.http.mjpg_streamer import Action, parse_action


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("stream", Action("stream")),
        ("snapshot", Action("snapshot")),
        ("stream_0", Action("stream", 0)),
        ("snapshot_1", Action("snapshot", 1)),
        ("snapshot?n=1", Action("snapshot")),
        ("snapshot_1?n=1.jpg", Action("snapshot", 1)),
        ("Snapshot", Action("snapshot")),
        ("snapshot/x", Action("snapshot")),
        ("command", None),
        ("take", None),
        ("streams", None),
        ("snapshot_x", None),
        ("snapshot_", None),
        ("", None),
    ],
)
def test_an_action_is_read_as_mjpg_streamer_does(text: str, action: Action | None) -> None:
    assert parse_action(text) == action


@pytest.mark.parametrize(
    ("text", "action"),
    [
        (" stream\n", Action("stream")),
        ("STREAM_12", Action("stream", 12)),
        ("snapshot_999", Action("snapshot", 999)),
        ("snapshot_1000", None),
        ("snapshot_-1", None),
        ("snapshot_1_2", None),
        ("snapshot_\u0661", None),
        ("snapshot-1", Action("snapshot")),
        ("snapshot\nx", Action("snapshot")),
        ("xsnapshot", None),
    ],
)
def test_a_number_has_up_to_three_digits_and_ends_the_action(text: str, action: Action | None) -> None:
    assert parse_action(text) == action
