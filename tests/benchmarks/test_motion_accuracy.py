"""The figures of the motion detector, from one short scene: people are counted, and so are mistakes."""

from benchmarks.motion_accuracy import Found, look, report


def test_a_scene_is_compared_with_its_labels() -> None:
    found = look(1, 0, seconds=60.0)

    assert (found.weather, found.seconds, found.people) == ("calm", 60.0, 1)
    assert len(found.delays) == found.people - len(found.missed)
    assert found.detector_seconds > 0


def test_the_report_has_a_row_for_each_weather_and_the_sum() -> None:
    calm = Found("calm", 1800.0, 10, ["a"], ["b"], [0.4, 0.8], 4.5)
    snow = Found("snow", 1800.0, 10, [], [], [1.2], 4.5)

    lines = report([calm, snow, calm]).splitlines()

    cells = [[cell for cell in line.split("  ") if cell.strip()] for line in lines[2:5]]
    assert [[cell.strip() for cell in row] for row in cells] == [
        ["calm", "1.0", "20", "90.0", "2"],
        ["snow", "0.5", "10", "100.0", "0"],
        ["all", "1.5", "30", "93.3", "2"],
    ]
    assert lines[-1] == (
        "1.33 false events an hour; events start 0.8 s after a person is visible, p50; "
        "the detector takes 0.50 ms of CPU a picture"
    )
