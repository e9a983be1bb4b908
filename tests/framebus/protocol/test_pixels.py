"""Frames as pixels: the colours, sizes and errors of decode() and image()."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest
from PIL import Image

from framebus import ArgumentError, DecodeError, Frame, FramebusError
from framebus.errors import MissingPackageError
from framebus.protocol import pixels
from tests.framebus.publisher import frame_header
from tests.padded_jpeg import GREY, padded

BLUE, RED = (0, 0, 255), (255, 0, 0)


def frame(width: int = 64, height: int = 48, mode: str = "RGB", **options: Any) -> Frame:
    """Blue above red."""
    picture = Image.new("RGB", (width, height), RED)
    picture.paste(BLUE, (0, 0, width, height // 2))
    file = io.BytesIO()
    picture.convert(mode).save(file, "JPEG", quality=95, **options)
    return Frame(frame_header(7, width=width, height=height), file.getvalue())


def test_an_array_has_the_order_of_opencv() -> None:
    picture = frame().decode()

    assert picture.shape == (48, 64, 3)
    assert picture.dtype == numpy.uint8
    assert picture[2, 5].tolist() == pytest.approx([255, 0, 0], abs=6), "blue comes first"
    assert picture[40, 5].tolist() == pytest.approx([0, 0, 255], abs=6)
    picture[:] = 0  # it may be drawn into
    assert picture.flags.c_contiguous


def test_it_is_what_opencv_decodes() -> None:
    cv2 = pytest.importorskip("cv2")
    found = frame()
    expected = cv2.imdecode(numpy.frombuffer(found.jpeg, numpy.uint8), cv2.IMREAD_COLOR)
    assert numpy.abs(found.decode().astype(int) - expected).max() <= 4


@pytest.mark.parametrize("scale", [1, 2, 4, 8])
@pytest.mark.parametrize(("width", "height"), [(64, 48), (1283, 721), (5, 3), (1, 1), (9, 100)])
def test_a_scale_divides_and_rounds_up(scale: Any, width: int, height: int) -> None:
    found = frame(width, height)
    size = (-(-width // scale), -(-height // scale))

    assert found.image(scale).size == found.image(scale, grey=True).size == size
    assert found.decode(scale).shape == (size[1], size[0], 3)


@pytest.mark.parametrize("scale", [2, 4, 8])
@pytest.mark.parametrize("size", [(65, 65), (70, 67), (854, 482), (9, 5)])
def test_what_lies_behind_the_edge_of_a_picture_is_not_seen(size: tuple[int, int], scale: Any) -> None:
    found = Frame(frame_header(7, width=size[0], height=size[1]), padded(size, padding=(255, 255, 255)))
    for picture in (found.decode(scale), found.decode(scale, grey=True)):
        assert abs(picture.astype(int) - GREY).max() <= 10


def test_grey_is_brightness() -> None:
    picture = frame().decode(2, grey=True)
    assert picture.shape == (24, 32)
    assert picture[2, 2] == pytest.approx(29, abs=3)  # of blue, by ITU-R BT.601
    assert picture[20, 2] == pytest.approx(76, abs=3)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_kinds_of_jpeg_become_the_same(mode: str) -> None:
    assert frame(mode=mode).decode().shape == (48, 64, 3)
    assert frame(mode=mode).image().mode == "RGB"
    assert frame(mode=mode).image(grey=True).mode == "L"


def test_a_reduced_scale_costs_less() -> None:
    """It is libjpeg that scales: the picture of full size never is in memory."""
    picture = Image.open(io.BytesIO(frame(1600, 1200).jpeg))
    picture.draft("RGB", (1600 // 8, 1200 // 8))
    assert picture.size == (200, 150)


def test_a_damaged_picture_is_an_error() -> None:
    whole = frame(640, 480)
    for jpeg, text in ((whole.jpeg[:900], "truncated"), (b"\xff\xd8\xff\xd9", "cannot identify image file")):
        with pytest.raises(DecodeError, match=f"\\Aframe 7 of camera front cannot be decoded: .*{text}"):
            Frame(whole.header, jpeg).decode()
    assert issubclass(DecodeError, FramebusError)


@pytest.mark.parametrize("scale", [0, 3, 16, 0.5, True, None])
def test_another_scale_is_refused(scale: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        frame().decode(scale)
    assert str(caught.value) == f"scale {scale!r}: allowed are 1, 2, 4 and 8"


@pytest.mark.medium
@pytest.mark.parametrize(
    ("package", "name", "install", "apt"),
    [("numpy", "numpy", "framebus[numpy]", "python3-numpy"), ("PIL", "Pillow", "pillow", "python3-pil")],
)
def test_a_package_that_is_missing_is_named(package: str, name: str, install: str, apt: str, tmp_path: Path) -> None:
    """As in a real Python without it, the import fails."""
    (tmp_path / "front.jpg").write_bytes(frame().jpeg)
    script = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from framebus import Frame, MissingPackageError\n"
        "from tests.framebus.publisher import frame_header\n"
        f"frame = Frame(frame_header(), open({str(tmp_path / 'front.jpg')!r}, 'rb').read())\n"
        "try: frame.decode()\n"
        "except ImportError as error: print(type(error).__name__, error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == (
        f"MissingPackageError decoding a frame needs {name}, which is not installed; "
        f"run: {sys.executable} -m pip install '{install}', or on Debian: sudo apt install {apt}\n"
    )


@pytest.mark.parametrize(
    ("module", "needed", "requirement", "debian"),
    [
        ("PIL.Image", "Pillow", "pillow", "python3-pil"),
        ("numpy", "numpy", "framebus[numpy]", "python3-numpy"),
    ],
)
def test_a_package_that_is_missing_is_named_with_the_command_that_installs_it(
    module: str, needed: str, requirement: str, debian: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)  # the import fails then, as without the package
    decode = pixels.image if needed == "Pillow" else pixels.array
    with pytest.raises(MissingPackageError) as raised:
        decode(b"", "frame 1 of camera front", 1, grey=False)
    assert str(raised.value) == (
        f"decoding a frame needs {needed}, which is not installed; "
        f"run: {sys.executable} -m pip install '{requirement}', or on Debian: sudo apt install {debian}"
    )
