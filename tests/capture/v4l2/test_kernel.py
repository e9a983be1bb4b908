"""The numbers and structures of V4L2 are those of the package videodev2, which is made from the kernel's header."""

from ctypes import Structure, c_uint8, sizeof

import pytest
import videodev2

from capture.v4l2 import kernel

NUMBERS = [name for name, value in vars(kernel).items() if isinstance(value, int) and not name.startswith("_")]
STRUCTURES = [
    name
    for name, value in vars(kernel).items()
    if isinstance(value, type) and issubclass(value, Structure) and name not in ("Structure", "v4l2_plane")
]
"""Without v4l2_plane, which is too short in the package; test_planes has its size."""


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_that_of_the_header(name: str) -> None:
    assert getattr(kernel, name) == getattr(videodev2, name) & 0xFFFFFFFF


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_structure_is_laid_out_as_in_the_header(name: str) -> None:
    ours, theirs = getattr(kernel, name), getattr(videodev2, name)
    assert sizeof(ours) == sizeof(theirs)
    fields = [field for field, _ in ours._fields_ if hasattr(theirs, field)]
    assert fields
    for field in fields:
        place, other = getattr(ours, field), getattr(theirs, field)
        assert (place.offset, place.size) == (other.offset, other.size), field


def test_all_that_capture_uses_is_compared() -> None:
    assert {"VIDIOC_DQBUF", "V4L2_CID_FOCUS_AUTO", "VIDEO_MAX_PLANES"} <= set(NUMBERS)
    assert {"v4l2_buffer", "v4l2_format", "v4l2_querymenu"} <= set(STRUCTURES)


@pytest.mark.parametrize(("written", "text"), [(b"", ""), (b"UVC Camera\0rest", "UVC Camera"), (b"\xffx", "x")])
def test_a_text_ends_at_its_nul(written: bytes, text: str) -> None:
    letters = (c_uint8 * 32)(*written)
    assert kernel.arr_to_str(letters) == text == videodev2.arr_to_str(letters)
