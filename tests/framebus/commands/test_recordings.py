"""framebus record, replay and export, with real cameras and real subscribers."""

import contextlib
import csv
import itertools
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from framebus import Frame, Subscriber
from framebus.commands import export
from framebus.commands.progress import Progress
from framebus.config.load import Config
from framebus.protocol.recording import MAGIC, RecordingError, RecordingReader, record
from framebus.protocol.wire import pack
from framebus.runtime.run_dir import frames_endpoint
from tests.capture.jpegs import jpeg
from tests.conftest import Configure, Start
from tests.framebus.conftest import Publish
from tests.framebus.publisher import frame_header
from tests.processes import DEADLINE_SECONDS, Running, wait_until

LATER = Path(__file__).parents[1] / "golden" / "live-from-later.bin"
FRONT = '[camera.front]\nsource = "testcard"\nsize = "320x240"\nfps = 20\n'


def framebus(*arguments: str | Path, config: Config) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "framebus", *map(str, arguments), "--config", str(config.path)],
        capture_output=True,
        text=True,
        timeout=3 * DEADLINE_SECONDS,
        stdin=subprocess.DEVNULL,
    )


def recorded(file: Path) -> list[Frame]:
    with file.open("rb") as opened:
        return [Frame(header, body) for header, body in RecordingReader(opened, file.name)]


def made(file: Path, *spacing: float, seqs: tuple[int, ...] = ()) -> Path:
    """A recording of frames with these pauses between them."""
    published = itertools.accumulate((0.0, *spacing), initial=1000.0)
    next(published)
    frames = [
        frame_header(
            seq or number,
            published=moment,
            monotonic=moment - 0.01,
            captured=1_700_000_000 + moment,
            source="v4l2:/dev/video0",
            dropped=3,
            camera_metadata={"gain": number},
        )
        for number, (moment, seq) in enumerate(itertools.zip_longest(published, seqs, fillvalue=0), 1)
    ]
    pictures = [jpeg(size=(32, 16 + 8 * number)) for number in range(len(frames))]
    file.write_bytes(
        MAGIC + b"".join(record(pack("live", "front", f, picture)) for f, picture in zip(frames, pictures, strict=True))
    )
    return file


def test_a_camera_is_recorded_without_a_gap(configure: Configure, start: Start, tmp_path: Path) -> None:
    config = configure(FRONT)
    start("capture", "front", config=config).wait_for("publishes at")
    file = tmp_path / "run.framebus"

    ran = framebus("record", "front", "-o", file, "--seconds", "2", config=config)

    frames = recorded(file)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(f"{file}: {len(frames)} frames of camera front, ")
    assert ran.stdout.endswith(", 0 missed\n")
    assert len(frames) > 5
    assert [frame.seq for frame in frames] == list(range(frames[0].seq, frames[0].seq + len(frames)))
    again = framebus("record", "front", "-o", file, "--seconds", "1", config=config)
    assert (again.returncode, again.stderr) == (2, f"{file} exists already; name another file with -o\n")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_recording_that_is_interrupted_is_there(
    number: signal.Signals, configure: Configure, start: Start, tmp_path: Path
) -> None:
    config = configure(FRONT)
    start("capture", "front", config=config).wait_for("publishes at")
    file = tmp_path / "run.framebus"
    command = (sys.executable, "-m", "framebus", "record", "front", "-o", str(file), "--config", str(config.path))
    running = Running(*command, log=tmp_path / "log")
    try:
        wait_until(lambda: file.exists() and file.stat().st_size > 50_000, "some frames are in the file")
        running.process.send_signal(number)
        assert running.ended() == (0 if number == signal.SIGINT else -number)
    finally:
        running.close()
    assert len(recorded(file)) > 2


@pytest.mark.slow
def test_keys_of_a_later_version_are_recorded(configure: Configure, publish: Publish, tmp_path: Path) -> None:
    config = configure(FRONT)
    later = LATER.read_bytes()
    camera = publish(frames_endpoint(config.run_dir, "front"))
    file = tmp_path / "run.framebus"
    with ThreadPoolExecutor() as other:
        recording = other.submit(framebus, "record", "front", "-o", file, "--seconds", "5", config=config)
        camera.subscription()
        camera.send_message(later)
        assert recording.result().returncode == 0
    assert file.read_bytes() == MAGIC + record(later)


@pytest.mark.medium
def test_a_camera_that_is_away_is_said(configure: Configure, tmp_path: Path) -> None:
    config = configure(FRONT)
    ran = framebus("record", "front", "-o", tmp_path / "x", "--seconds", "0.2", config=config)
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, "", "camera front gave no frame\n")
    assert not (tmp_path / "x").exists()
    ran = framebus("record", "frnt", "-o", tmp_path / "y", config=config)
    assert ran.returncode == 2
    assert 'did you mean "front"?' in ran.stderr


@pytest.mark.slow
def test_a_replay_cannot_be_told_from_the_camera(configure: Configure, tmp_path: Path) -> None:
    config = configure(FRONT)
    spacing = (0.05, 0.05, 0.2, 0.05)
    file = made(tmp_path / "run.framebus", *spacing, seqs=(10, 11, 12, 15, 16))
    command = (
        *(sys.executable, "-W", "error", "-m", "framebus", "replay", str(file), "--as", "front", "--wait"),
        *("--config", str(config.path)),
    )
    originals = recorded(file)

    def gaps() -> list[float]:
        """The seconds between the frames of a replay, which is right in all else."""
        running = Running(*command, log=tmp_path / "log")
        try:
            with Subscriber("front", config=config.path, queue=20, timeout=DEADLINE_SECONDS) as viewer:
                frames = [viewer.receive() for _ in range(5)]
                ages = [frame.age for frame in frames]
            assert running.ended() == 0
        finally:
            running.close()
        assert [frame.jpeg for frame in frames] == [frame.jpeg for frame in originals]
        assert [frame.metadata for frame in frames] == [frame.metadata for frame in originals]
        assert [frame.missed for frame in frames] == [0, 0, 0, 2, 0]
        assert {(frame.source, frame.dropped) for frame in frames} == {("v4l2:/dev/video0", 3)}
        assert all(0 < age < DEADLINE_SECONDS for age in ages)
        assert running.log.endswith("5 frames\n")
        return [after.published - before.published for before, after in itertools.pairwise(frames)]

    # Once, at least: a busy machine is late now and then. benchmarks/bus.py measures this on a quiet one.
    wait_until(lambda: gaps() == pytest.approx(spacing, abs=0.1), "the pauses of the recording", 2 * DEADLINE_SECONDS)


@pytest.mark.slow
def test_a_replay_may_be_faster_and_keep_its_time(configure: Configure, tmp_path: Path) -> None:
    config = configure(FRONT)
    file = made(tmp_path / "run.framebus", 200.0, 200.0)  # longer than the test may take
    with Subscriber("front", config=config.path, queue=20, timeout=DEADLINE_SECONDS) as viewer:
        ran = framebus("replay", file, "--as", "front", "--speed", "1000", "--keep-time", "--wait", config=config)
        assert ran.returncode == 0, ran.stderr
        assert [viewer.receive().captured for _ in range(3)] == [1_700_001_000.0, 1_700_001_200.0, 1_700_001_400.0]


@pytest.mark.slow
def test_a_replay_goes_step_by_step(configure: Configure, tmp_path: Path) -> None:
    config = configure(FRONT)
    file = made(tmp_path / "run.framebus", 60.0, 60.0)
    command = [sys.executable, "-m", "framebus", "replay", str(file), "--as", "front", "--step", "--wait"]
    with (
        Subscriber("front", config=config.path, queue=20, timeout=DEADLINE_SECONDS) as viewer,
        subprocess.Popen(
            [*command, "--config", str(config.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process,
    ):
        assert process.stdin is not None
        for seq in (1, 2):
            process.stdin.write("\n")
            process.stdin.flush()
            assert viewer.receive().seq == seq
            with pytest.raises(TimeoutError):
                viewer.receive(0.2)
        output, _ = process.communicate()
        assert output.endswith("2 frames\n")


def test_a_replay_needs_the_camera_for_itself(configure: Configure, start: Start, tmp_path: Path) -> None:
    config = configure(FRONT)
    running = start("capture", "front", config=config)
    running.wait_for("publishes at")
    ran = framebus("replay", made(tmp_path / "run.framebus"), "--as", "front", config=config)
    assert ran.returncode == 1
    assert ran.stderr.startswith(f"front already runs as process {running.pid} with run_dir {config.run_dir}; ")


@pytest.mark.medium
def test_a_replay_may_be_a_camera_that_is_not_configured(configure: Configure, tmp_path: Path) -> None:
    ran = framebus("replay", made(tmp_path / "run.framebus", 0.01), "--as", "lab", config=configure(FRONT))
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.medium
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("replay", "none", "--as", "front"), "none: No such file or directory"),
        (("replay", "framebus.toml", "--as", "front"), "framebus.toml: no recording of framebus; allowed: a file that"),
        (("replay", "run.framebus", "--as", "Front"), "camera 'Front': allowed are 1 to 32 of"),
        (("replay", "run.framebus", "--as", "front", "--speed", "0"), "--speed 0: allowed are numbers above 0"),
        (("export", "none", "-o", "x"), "none: No such file or directory"),
        (("export", "framebus.toml", "-o", "x"), "framebus.toml: no recording of framebus; allowed: a file that"),
        (("export", "run.framebus", "-o", "."), ". exists already; name another with -o"),
    ],
)
def test_a_mistake_is_said(
    arguments: tuple[str, ...], text: str, configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configure(FRONT)
    made(tmp_path / "run.framebus")
    (tmp_path / "framebus.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    ran = framebus(*arguments, config=config)
    assert ran.returncode in (1, 2)
    assert ran.stderr.startswith(text)


@pytest.mark.medium
def test_a_folder_of_pictures_is_made(configure: Configure, tmp_path: Path) -> None:
    file = made(tmp_path / "run.framebus", 0.5, seqs=(3, 4))
    with file.open("ab") as cut:
        cut.write(b"\x00\x00\x10\x00half of a frame")

    ran = framebus("export", file, "-o", tmp_path / "pictures", config=configure(FRONT))

    assert ran.stdout == f"{tmp_path}/pictures: 2 frames; the recording is cut after them\n"
    with (tmp_path / "pictures" / "frames.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert [(row["file"], row["seq"], row["captured"]) for row in rows] == [
        ("000001.jpg", "3", "1700001000.0"),
        ("000002.jpg", "4", "1700001000.5"),
    ]
    originals = recorded(file)
    for row, original in zip(rows, originals, strict=True):
        assert (tmp_path / "pictures" / row["file"]).read_bytes() == original.jpeg
        Image.open(tmp_path / "pictures" / row["file"]).load()


def test_mcap_holds_the_images_of_ros(tmp_path: Path) -> None:
    reader = pytest.importorskip("mcap.reader")
    file = made(tmp_path / "run.framebus", 0.5)
    with file.open("rb") as opened:
        assert export.to_mcap(RecordingReader(opened, "x"), tmp_path / "run.mcap", Progress()) == 2
    with (tmp_path / "run.mcap").open("rb") as opened:
        messages = list(reader.make_reader(opened).iter_messages())
    assert [schema.name for schema, _, _ in messages] == ["sensor_msgs/msg/CompressedImage"] * 2
    assert {channel.topic for _, channel, _ in messages} == {"/front/image/compressed"}
    assert [message.log_time for _, _, message in messages] == [1_700_001_000_000_000_000, 1_700_001_000_500_000_000]
    assert messages[0][2].data.endswith(recorded(file)[0].jpeg)


FOLDER, MCAP = "pictures", "run.mcap"


def need_writer(output: str) -> None:
    """Skip a test that makes MCAP where that cannot be made."""
    if output == MCAP:
        pytest.importorskip("mcap.writer")


def leftovers(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if file.suffix != ".framebus")


@pytest.mark.slow
@pytest.mark.parametrize("output", [FOLDER, MCAP])
def test_a_full_disk_leaves_nothing_behind(output: str, configure: Configure, tmp_path: Path) -> None:
    need_writer(output)
    file = made(tmp_path / "run.framebus", 0.5)
    config = configure(FRONT)
    command = (sys.executable, "-m", "framebus", "export", str(file), "-o", str(tmp_path / output))
    ran = subprocess.run(
        ("prlimit", "--fsize=100", *command, "--config", str(config.path)),
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == f"{tmp_path}/{output}: File too large\n"
    assert leftovers(tmp_path) == ["state"] * (tmp_path / "state").exists()


@pytest.mark.slow
@pytest.mark.parametrize("output", [FOLDER, MCAP])
def test_an_export_that_is_interrupted_leaves_nothing_behind(output: str, configure: Configure, tmp_path: Path) -> None:
    need_writer(output)
    pipe = tmp_path / "pipe.framebus"
    os.mkfifo(pipe)
    command = (sys.executable, "-m", "framebus", "export", str(pipe), "-o", str(tmp_path / output))
    running = Running(*command, "--config", str(configure(FRONT).path), log=tmp_path / "log.framebus")
    with pipe.open("wb", buffering=0) as end:
        end.write(made(tmp_path / "run.framebus").read_bytes())
        wait_until((tmp_path / f"{output}.part").exists, "the export has begun")
        while running.process.poll() is None:  # Python acts on a signal right before a read only after the read
            running.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.process.wait(10)
        assert running.ended() == 1
    assert running.log == f"{tmp_path}/{output}: not made\n"
    assert leftovers(tmp_path) == ["state"] * (tmp_path / "state").exists()


@pytest.mark.medium
def test_what_an_export_that_was_killed_left_is_said(configure: Configure, tmp_path: Path) -> None:
    part = tmp_path / "run.mcap.part"
    part.touch()
    ran = framebus("export", made(tmp_path / "x.framebus"), "-o", tmp_path / MCAP, config=configure(FRONT))
    assert ran.stderr == f"{part}: exists already: another export makes it, or was killed\n"
    assert part.exists()


def test_an_image_of_ros_has_its_fields_in_place() -> None:
    """By hand, as DDS-XTypes lays it out: each number at a multiple of its size, counted from behind the first 4."""
    data = export.compressed_image(frame_header(captured=5.25, camera="cam"), b"\xff\xd8")
    assert data == (
        b"\x00\x01\x00\x00"
        + (b"\x05\x00\x00\x00" + (250_000_000).to_bytes(4, "little"))
        + (b"\x04\x00\x00\x00" + b"cam\x00")
        + (b"\x05\x00\x00\x00" + b"jpeg\x00" + b"\x00\x00\x00")
        + (b"\x02\x00\x00\x00" + b"\xff\xd8")
    )


@pytest.mark.parametrize("seconds", [0, 2**31 - 1, 2**31, 2**32 - 1])
def test_an_image_of_ros_has_a_time_after_2038(seconds: int) -> None:
    data = export.compressed_image(frame_header(captured=float(seconds)), b"")
    assert int.from_bytes(data[4:8], "little") == seconds


@pytest.mark.parametrize("seconds", [2.0**32, 1e12])
def test_a_time_that_ros_cannot_hold_is_said(seconds: float) -> None:
    with pytest.raises(RecordingError) as caught:
        export.compressed_image(frame_header(7, captured=seconds), b"")
    assert str(caught.value) == (
        f"frame 7 of camera front: captured {seconds!r}; allowed for MCAP: Unix seconds from 0 to 4294967295"
    )


def test_without_mcap_it_is_said_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcap.writer", None)
    assert (
        export.run(__import__("argparse").Namespace(file=str(made(tmp_path / "x")), output=str(tmp_path / "x.mcap")))
        == 1
    )


# hz, bw, echo


def test_rates_sizes_and_headers_are_shown(configure: Configure, start: Start) -> None:
    config = configure(FRONT)
    start("capture", "front", config=config).wait_for("publishes at")
    with contextlib.closing(Subscriber("front", config=config.path)):
        hz = framebus("hz", "front", "-n", "1", config=config).stdout
        bw = framebus("bw", "front", "-n", "1", "--rendition", "half", config=config).stdout
        echo = framebus("echo", "front", "-n", "2", config=config).stdout.splitlines()
    assert hz.startswith("front: ")
    assert " Hz, gaps " in hz
    assert hz.endswith(" ms, 0 missed\n")
    assert " MB/s (" in bw
    assert len(echo) == 2
    assert all('"camera":"front"' in line and '"width":320' in line for line in echo)


@pytest.mark.medium
def test_a_camera_that_is_silent_is_said(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configure(FRONT)
    ran = framebus("hz", "front", config=config)
    assert ran.returncode == 1
    assert ran.stderr.startswith("no frame of camera front within 5 s: ")
    assert ran.stderr.endswith("front.frames does not exist; its process is not running\n")
