"""mpv and VLC play the files, also one that a power cut has ended in the middle of a frame."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.framebus.recordings.segments import jpeg, segment
from tests.programs import need

TIMES_MS = [0, 37, 70, 104, 203, 240, 400, 500, 501, 600, 700, 999]
CUT_BYTES = 100
"""Less than the last frame."""
SECONDS = 120


@pytest.fixture
def folder() -> Iterator[Path]:
    """That other users may use, too: VLC does not run as root."""
    with tempfile.TemporaryDirectory(prefix="framebus-players-") as name:
        os.chmod(name, 0o777)
        yield Path(name)


def made(folder: Path, is_cut: bool) -> tuple[Path, int]:
    """A file, and how many complete frames it has."""
    path = folder / "segment.mkv"
    data = segment(TIMES_MS, ended=not is_cut)
    path.write_bytes(data[:-CUT_BYTES] if is_cut else data)
    path.chmod(0o644)
    return path, len(TIMES_MS) - is_cut


@pytest.mark.slow
@pytest.mark.parametrize("is_cut", [False, True])
def test_mpv_decodes_every_frame(folder: Path, is_cut: bool) -> None:
    path, count = made(folder, is_cut)
    command = [need("mpv"), "--no-config", "--vo=image", f"--vo-image-outdir={folder}/out", "--ao=null", "--untimed"]

    subprocess.run([*command, "--really-quiet", str(path)], check=True, capture_output=True, timeout=SECONDS)

    assert len(list((folder / "out").iterdir())) == count


@pytest.mark.slow
@pytest.mark.parametrize("is_cut", [False, True])
def test_vlc_plays_it(folder: Path, is_cut: bool) -> None:
    path, count = made(folder, is_cut)
    output = folder / "out.avi"
    command = [
        need("vlc"),
        "-I",
        "dummy",
        "--sout",
        f"#std{{access=file,mux=avi,dst={output}}}",
        str(path),
        "vlc://quit",
    ]
    if os.geteuid() == 0:
        command = [need("runuser"), "-u", "nobody", "--", *command]

    subprocess.run(command, capture_output=True, timeout=SECONDS, env={**os.environ, "HOME": str(folder)})

    copied = output.read_bytes()
    found = [jpeg(number) in copied for number in range(count)]
    assert found[: count - 2] == [True] * (count - 2)  # its AVI writer leaves out the last two
