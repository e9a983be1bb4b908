from framebus.protocol.unknown_camera import unknown_camera


def test_a_camera_that_does_not_exist_is_said_with_those_that_do() -> None:
    assert unknown_camera("cellar", ["front", "yard"]) == "there is no camera cellar; there is front, yard"
    assert unknown_camera("frnt", iter(["front"])) == 'there is no camera frnt; there is front; did you mean "front"?'
    assert unknown_camera("x", []) == "there is no camera x; there is none"
    assert len(unknown_camera("x" * 1000, ["front"])) < 100
