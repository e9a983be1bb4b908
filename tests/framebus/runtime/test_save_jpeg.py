"""Encoding into memory with a descriptor gives what Pillow gives elsewhere, and leaves nothing open."""

import io
import os

from PIL import Image

from framebus.runtime.save_jpeg import save_jpeg


def test_the_bytes_are_those_of_pillow() -> None:
    image = Image.effect_noise((320, 240), 50)
    expected = io.BytesIO()
    image.save(expected, "JPEG", quality=60, comment=b"hello")
    assert save_jpeg(image, quality=60, comment=b"hello") == expected.getvalue()


def test_no_descriptor_is_left_open() -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        save_jpeg(Image.new("L", (16, 16)))
    assert len(os.listdir("/proc/self/fd")) <= before  # libzmq may close some of an earlier test meanwhile
