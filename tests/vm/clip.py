"""What the software USB camera shows: pictures that all differ, made on the host, where that is quick."""

import io
import os
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

SIZES = ((1280, 720), (640, 480))
PICTURES = 24
QUALITY = 70
SOI = b"\xff\xd8\xff"
"""Begins each picture, and occurs in none: in coded data 00 or a restart marker comes after FF."""


def folder(cache: Path) -> Path:
    """The folder of the clips within this one; makes those that miss."""
    made = cache / "clips"
    made.mkdir(parents=True, exist_ok=True)
    for size in SIZES:
        file = file_of(made, size)
        if not file.exists():
            handle, half = tempfile.mkstemp(dir=made)
            with os.fdopen(handle, "wb") as output:
                output.write(b"".join(_picture(size, number) for number in range(PICTURES)))
            Path(half).rename(file)
    return made


def file_of(folder: Path, size: tuple[int, int]) -> Path:
    """Where the clip of this size lies."""
    return folder / f"{size[0]}x{size[1]}.mjpeg"


def pictures(file: Path) -> list[bytes]:
    """The pictures of a clip, one JPEG each."""
    return [SOI + rest for rest in file.read_bytes().split(SOI)[1:]]


def _picture(size: tuple[int, int], number: int) -> bytes:
    picture = Image.linear_gradient("L").resize(size).convert("RGB")
    draw = ImageDraw.Draw(picture)
    left = size[0] * number // PICTURES
    draw.rectangle((left, 0, left + size[0] // 8, size[1]), "red")
    draw.text((20, 20), str(number), "white", font_size=size[1] // 4)
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=QUALITY)
    return jpeg.getvalue()
