"""The hardware's bit rate stands for a JPEG quality, and the software encodes wherever the hardware cannot."""

from pathlib import Path

import pytest

from framebus.config.size import Size
from tests.capture.picamera2.pi_camera import PiCamera

FULL_HD = Size(1920, 1080)


def bitrates(asked: list[tuple[int, Size]]) -> list[int]:
    from capture.picamera2.encoding import bitrate

    return [bitrate(quality, size) for quality, size in asked]


def test_bit_rates(pi_camera: PiCamera) -> None:
    """At picamera2's own qualities its own bit rates, as far as the driver has them, in its steps."""
    quarter = Size(960, 540)
    asked = [(25, quarter), (50, quarter), (80, quarter), (100, quarter), (1, Size(64, 48)), (80, FULL_HD)]
    assert pi_camera.run(bitrates, asked) == [4_000_000, 7_500_000, 12_500_000, 15_825_000, 25_000, 25_000_000]


def rising() -> list[int]:
    return bitrates([(quality, Size(640, 480)) for quality in range(1, 101)])


def test_better_is_never_smaller(pi_camera: PiCamera) -> None:
    found = pi_camera.run(rising)
    assert found == sorted(found)
    assert len(set(found)) > 50


def why_software(node: str) -> str:
    from capture.picamera2 import encoding

    return encoding.why_software(FULL_HD, node)


@pytest.mark.parametrize(
    ("exists", "why"),
    [
        (False, "this machine has no hardware encoder (there is no {node})"),
        (True, "the hardware encoder cannot be opened ({node}: Inappropriate ioctl for device)"),
    ],
)
def test_no_hardware(pi_camera: PiCamera, tmp_path: Path, exists: bool, why: str) -> None:
    node = tmp_path / "video11"
    if exists:
        node.touch()
    assert pi_camera.run(why_software, str(node)) == why.format(node=node)
