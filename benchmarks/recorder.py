"""The recorder: its CPU time and memory, what it writes beyond the pictures, and how fast a moment is found again."""

import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

from benchmarks.many_days import CAMERAS, DAYS, QUICK_DAYS, make_recordings, minutes
from benchmarks.pipeline import pipeline
from benchmarks.processes import BenchError, Process, cpu_seconds, pss_bytes
from benchmarks.session import Session
from benchmarks.table import number, table
from framebus.recordings.folder import RecordingFolder
from framebus.recordings.segment_reader import SegmentReader

TITLE = "The recorder: CPU time, bytes written, and seeking"
SECONDS = 30.0
SETTLE_SECONDS = 3.0
RATES = (10, 30)
"""Frames a second that are recorded, of the 30 that the camera gives."""
SEEKS = 500
SEED = 17


def run(session: Session) -> None:
    """Measure all."""
    segment = None
    for rate in RATES:
        segment = recording(session, rate, session.seconds(SECONDS))
    if segment is None:
        raise BenchError("nothing was recorded")
    seeking(session, segment, QUICK_DAYS if session.quick else DAYS)
    print(report(session))


@contextmanager
def recorder(config: Path) -> Iterator[Process]:
    """Run a recorder."""
    command = [sys.executable, "-m", "recorder", "--config", str(config)]
    with Process(command, config.parent / "recorder.log") as process:
        yield process


def recording(session: Session, rate: int, seconds: float) -> Path | None:
    """Record at a rate and measure the recorder; returns the longest segment."""
    folder = session.new_folder()
    more = f'record = "always"\nrecord_fps = {rate}\n[recorder]\nfolder = "{folder}/recordings"\nleave_free_gb = 0\n'
    with pipeline(session.camera(162), folder, more=more), recorder(folder / "framebus.toml") as process:
        time.sleep(SETTLE_SECONDS)
        found = RecordingFolder(folder / "recordings")
        began, used, written = time.monotonic(), cpu_seconds(process.pid), written_bytes(process.pid)
        before = recorded(found)
        time.sleep(seconds)
        share = 100 * (cpu_seconds(process.pid) - used) / (time.monotonic() - began)
        frames, jpegs = (after - first for after, first in zip(recorded(found), before, strict=True))
        written = written_bytes(process.pid) - written
        key = f"recorder/{rate} a second"
        session.results.add(f"{key}/cpu", share, "% of a core")
        session.results.add(f"{key}/memory", pss_bytes(process.pid) / 1e6, "MB")
        session.results.add(f"{key}/frames", frames / seconds, "a second")
        if jpegs and written:
            session.results.add(f"{key}/written", written / jpegs, "bytes a byte")
        session.progress(f"{rate} frames a second: {share:.2f} % of a core, {frames} frames, {jpegs / 1e6:.0f} MB")
    paths = sorted(found.folder.rglob("*.mkv"), key=lambda path: path.stat().st_size)
    return paths[-1] if paths else None


def written_bytes(pid: int) -> int:
    """What the process has handed to disks (proc(5), io); 0 where the folder is on no disk."""
    values = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(values["write_bytes"])


def recorded(found: RecordingFolder) -> tuple[int, int]:
    """How many frames there are, and the bytes of their JPEGs."""
    frames = jpegs = 0
    for segment in found.segments("front"):
        with SegmentReader(segment.path) as reader:
            for frame in reader.frames():
                frames += 1
                jpegs += frame.size
    return frames, jpegs


def seeking(session: Session, segment: Path, days: int) -> None:
    """Find random moments among the segments of many days: those of a camera are links to one file."""
    folder = session.new_folder() / "recordings"
    with SegmentReader(segment) as reader:
        length = reader.last_ms() / 1000
    moments = minutes(days)
    make_recordings(folder, segment, length, moments)
    found = RecordingFolder(folder, now=lambda: time.time() + 3600)
    began = time.perf_counter()
    for camera in CAMERAS:
        found.spans(camera)
    session.results.add("recorder/index", (time.perf_counter() - began) * 1000, "ms")
    chance = random.Random(SEED)
    times = []
    for _ in range(SEEKS):
        camera, at = chance.choice(CAMERAS), chance.choice(moments) + chance.random() * length
        began = time.perf_counter()
        frame = found.frame_at(camera, at)
        times.append((time.perf_counter() - began) * 1000)
        if frame is None or abs(frame.at - at) > 1:
            raise BenchError(f"found no frame of camera {camera} at {at}")
    session.results.add("recorder/seek/p50", median(times), "ms")
    session.results.add("recorder/seek/p99", quantiles(times, n=100)[98], "ms")
    session.results.add("recorder/segments", len(CAMERAS) * len(moments), "")
    session.progress(f"{len(CAMERAS) * len(moments)} segments: a frame in {median(times):.1f} ms")


def report(session: Session) -> str:
    """Return the table."""
    value = session.results.value
    rows = []
    for rate in RATES:
        key = f"recorder/{rate} a second"
        rows += [
            [f"{rate} frames of 162 KB a second: CPU (% of a core)", number(value(f"{key}/cpu"), 2)],
            [f"{rate} frames of 162 KB a second: memory (MB)", number(value(f"{key}/memory"), 1)],
            [f"{rate} frames of 162 KB a second: bytes written for each of a JPEG", number(value(f"{key}/written"), 3)],
        ]
    rows += [
        ["segments to search", number(value("recorder/segments"), 0)],
        ["all spans of all cameras, at first (ms)", number(value("recorder/index"), 0)],
        ["a frame at a random moment, p50 (ms)", number(value("recorder/seek/p50"), 1)],
        ["a frame at a random moment, p99 (ms)", number(value("recorder/seek/p99"), 1)],
    ]
    return table(["", ""], rows)
