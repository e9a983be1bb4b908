"""What a sensor offers, as libcamera's stand-in has it: with rates while it is free, and without while it is used."""

from capture.picamera2.detect import attached
from capture.picamera2.sensor_modes import sensor_modes
from framebus.config.size import Size
from tests.capture.picamera2.pi_camera import PiCamera
from tests.capture.picamera2.scenarios import opened

LARGE, MIDDLE, SMALL = Size(4608, 2592), Size(2304, 1296), Size(1536, 864)


def modes() -> dict[Size, float]:
    (camera,) = attached()
    return sensor_modes(camera)


def twice() -> bool:
    return modes() == modes()


def modes_and_then_a_picture() -> tuple[dict[Size, float], bool]:
    found = modes()
    source = opened()
    source.close()
    return found, True


def modes_of_an_open_camera() -> dict[Size, float]:
    (camera,) = attached()
    source = opened()
    try:
        return sensor_modes(camera)
    finally:
        source.close()


def test_each_size_has_its_highest_rate(pi_camera: PiCamera) -> None:
    found, usable = pi_camera.run(modes_and_then_a_picture)
    assert list(found.items()) == [(LARGE, 14.35), (MIDDLE, 56.03), (SMALL, 60.0)]
    assert usable, "and the camera can be used afterwards"


def test_a_camera_that_is_used_has_sizes_without_rates(pi_camera: PiCamera) -> None:
    expected = {LARGE: 0.0, MIDDLE: 0.0, SMALL: 0.0}
    assert pi_camera.run(modes_of_an_open_camera) == expected
    pi_camera.fault.write_text("busy")
    assert pi_camera.run(modes) == expected


def test_it_can_be_asked_again(pi_camera: PiCamera) -> None:
    assert pi_camera.run(twice)


def test_a_camera_that_has_gone_has_no_sizes(pi_camera: PiCamera) -> None:
    assert pi_camera.run(modes_of_one_that_goes, str(pi_camera.fault)) == {}


def modes_of_one_that_goes(fault: str) -> dict[Size, float]:
    (camera,) = attached()
    with open(fault, "w") as file:
        file.write("absent")
    return sensor_modes(camera)
