"""`python -m gateway.export FOLDER RECORDINGS`: makes the film of a job, at idle priority; ends when its stdin does."""

import contextlib
import fcntl
import os
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta, timezone
from pathlib import Path

from framebus.recordings.folder import RecordingFolder
from gateway.export.job import FILM_NAME, Job, Progress, read_job, write_progress

LOCK_NAME = "lock"
"""The process that holds this lock makes a film; the others wait."""
LOCK_SECONDS = 1.0
PROGRESS_SECONDS = 1.0
"""How often the progress is written."""
MAX_FILM_BYTES = 4_000_000_000
"""As FAT takes them."""
MAX_SECONDS = 4 * 3600.0
"""No film takes longer to make."""
OOM_SCORE = Path("/proc/self/oom_score_adj")
FIRST_TO_GO = "800"
"""Of -1000 to 1000 (proc(5))."""
LEAVE_FREE_BYTES = 1_000_000_000
"""Of the disk on which the film is written."""


class ExportError(Exception):
    """Why there will be no film, in one sentence."""


def main() -> int:
    """Make the film; returns the exit status."""
    folder, recordings = (Path(argument) for argument in sys.argv[1:])
    be_idle()
    threading.Thread(target=end_with_the_gateway, daemon=True).start()
    found = read_job(folder)
    if found is None:
        return 1
    job, _ = found
    try:
        with turn(folder):
            write_progress(folder, make(folder, job, RecordingFolder(recordings)))
    except ExportError as error:
        return fail(folder, str(error))
    except ImportError as error:
        return fail(folder, f"the extra av cannot be loaded: {error}")
    except Exception as error:  # FFmpeg's among them, of many types
        return fail(folder, f"{type(error).__name__}: {error}")
    return 0


def be_idle() -> None:
    """Take only the time and the disk that nobody else wants: the kernel derives the priority of the disk from it.

    Where memory is short, the kernel ends this process first, and no camera.
    """
    with contextlib.suppress(OSError):
        OOM_SCORE.write_text(FIRST_TO_GO)
    try:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except OSError:  # a container may forbid it
        os.nice(19)


def end_with_the_gateway() -> None:
    """Wait until the gateway has ended, however it did."""
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    os._exit(1)


@contextlib.contextmanager
def turn(folder: Path) -> Iterator[None]:
    """Wait for the turn of this film, and hold it."""
    with (folder.parent / LOCK_NAME).open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                write_progress(folder, Progress())
                time.sleep(LOCK_SECONDS)
        yield


def make(folder: Path, job: Job, recordings: RecordingFolder, progress_seconds: float = PROGRESS_SECONDS) -> Progress:
    """Write the film, and every `progress_seconds` how far it is. Raises ExportError, and what FFmpeg raises."""
    from gateway.export.film_encoder import FilmEncoder

    began = written = time.monotonic()
    write_progress(folder, Progress(state="running"))
    zone = None if job.utc_offset is None else timezone(timedelta(minutes=job.utc_offset))
    encoder = FilmEncoder(folder / FILM_NAME, zone)
    for frame in recordings.frames(job.camera, job.begin, job.end):
        encoder.add(frame)
        now = time.monotonic()
        if now - written < progress_seconds:
            continue
        written = now
        size = encoder.bytes
        check(folder, size, now - began)
        share = (frame.at - job.begin) / max(0.001, job.end - job.begin)
        write_progress(folder, Progress(state="running", share=round(share, 3), frames=encoder.frames, bytes=size))
    if not encoder.frames:
        raise ExportError(f"there is no recording of camera {job.camera} in this time")
    encoder.close()
    return Progress(state="done", share=1.0, frames=encoder.frames, bytes=encoder.bytes)


def check(folder: Path, size: int, seconds: float) -> None:
    """Raises ExportError where a limit is reached."""
    status = os.statvfs(folder)
    if status.f_bavail * status.f_frsize < LEAVE_FREE_BYTES:
        raise ExportError(f"its disk has less than {LEAVE_FREE_BYTES // 1_000_000_000} GB free")
    if size > MAX_FILM_BYTES:
        raise ExportError(f"the film became larger than {MAX_FILM_BYTES // 1_000_000_000} GB")
    if seconds > MAX_SECONDS:
        raise ExportError(f"the film took longer than {MAX_SECONDS / 3600:g} hours to make")


def fail(folder: Path, reason: str) -> int:
    """Write why there is no film; returns the exit status."""
    with contextlib.suppress(OSError):
        (folder / FILM_NAME).unlink(missing_ok=True)
        write_progress(folder, Progress(state="failed", reason=" ".join(reason.split())[:500]))
    return 1


if __name__ == "__main__":
    sys.exit(main())
