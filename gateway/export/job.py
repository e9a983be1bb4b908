"""A film that is being made, as files in a folder of its own: every worker of the gateway reads and serves it."""

import time
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from framebus.protocol.wire import CameraName, Count, UnixSeconds
from framebus.runtime.atomic_write import write_atomically

JOB_NAME, PROGRESS_NAME, FILM_NAME = "job.json", "progress.json", "film.mp4"
MODE = 0o600
ID_PATTERN = r"\A[0-9a-f]{16}\Z"
SILENT_SECONDS = 60.0
"""A film whose process has written no progress for so long is not made any more."""
CUT_OFF = "the process that made it was ended"

State = Literal["waiting", "running", "done", "failed"]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for. Times are Unix seconds."""

    camera: CameraName
    begin: UnixSeconds
    end: UnixSeconds
    created: UnixSeconds
    utc_offset: Annotated[int, msgspec.Meta(gt=-1440, lt=1440)] | None = None
    """The time of each picture is drawn into it, so many minutes ahead of UTC; not where this is None."""
    owner: str = ""
    """Who has asked for it: an account or an address; empty for this machine itself."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far it is."""

    state: State = "waiting"
    share: float = 0.0
    """Of the time that is in the film already, from 0 to 1."""
    frames: Count = 0
    bytes: Count = 0
    reason: str = ""
    """Why it has failed."""
    updated: UnixSeconds = 0.0
    """When this was written."""

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in ("done", "failed")


def write_job(folder: Path, job: Job) -> None:
    """Make the folder of a film. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True)
    write_atomically(folder / JOB_NAME, msgspec.json.encode(job), MODE)
    write_progress(folder, Progress())


def write_progress(folder: Path, progress: Progress) -> None:
    """Write how far it is, as of now. Raises OSError."""
    dated = msgspec.structs.replace(progress, updated=round(time.time(), 3))
    write_atomically(folder / PROGRESS_NAME, msgspec.json.encode(dated), MODE)


def read_job(folder: Path) -> tuple[Job, Progress] | None:
    """A film by its folder; None where there is none."""
    try:
        job = msgspec.json.decode((folder / JOB_NAME).read_bytes(), type=Job)
        progress = msgspec.json.decode((folder / PROGRESS_NAME).read_bytes(), type=Progress)
    except (OSError, msgspec.MsgspecError):
        return None
    if not progress.is_over and time.time() - progress.updated > SILENT_SECONDS:
        progress = msgspec.structs.replace(progress, state="failed", reason=CUT_OFF)
    return job, progress
