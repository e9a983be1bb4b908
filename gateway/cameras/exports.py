"""The films that clients have asked for: begun, listed, sent and deleted. Nothing here waits for a disk in the loop."""

import contextlib
import importlib.util
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from pathlib import Path

import gateway
from gateway.cameras.disk_threads import DiskThreads
from gateway.export.job import FILM_NAME, ID_PATTERN, Job, Progress, read_job, write_job
from gateway.net.errors import HttpError

MAX_EXPORTS = 4
"""Films that are made, wait, or wait to be fetched, of all workers; one is made at a time."""
KEPT_SECONDS = 3600.0
"""A film that is not fetched is deleted after this time."""
READ_BYTES = 256 * 1024
PACKAGES = Path(gateway.__file__).parents[1]
NEEDS_AV = (
    "films in H.264 need the extra av: install python3-av with apt, or framebus with [av]; clip.mkv has the original "
    "frames without it"
)


@dataclass(frozen=True, slots=True)
class Export:
    """A film."""

    id: str
    job: Job
    progress: Progress


class Exports:
    """Made inside the running loop; closed by its owner, which ends what is being made."""

    def __init__(self, folder: Path, recordings: Path) -> None:
        """Begin nothing.

        Args:
            folder: where the films are written; all workers have the same.
            recordings: the folder of recordings.
        """
        self.recordings = recordings
        self._folder = folder
        self._threads = DiskThreads(2)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    async def begin(self, camera: str, begin: float, end: float) -> Export:
        """Have a film made. Raises HttpError."""
        if importlib.util.find_spec("av") is None:
            raise HttpError(501, "not-available", NEEDS_AV)
        recordings = self.recordings

        def start() -> tuple[str, subprocess.Popen[bytes]]:
            self._sweep()
            if len(self._ids()) >= MAX_EXPORTS:
                raise HttpError(503, "busy", f"{MAX_EXPORTS} films are made or wait to be fetched already", 60)
            id = secrets.token_hex(8)
            write_job(self._folder / id, Job(camera=camera, begin=begin, end=end, created=round(time.time(), 3)))
            command = [sys.executable, "-P", "-m", "gateway.export", str(self._folder / id), str(recordings)]
            return id, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=_environment())

        with _disk_errors():
            id, process = await self._threads.run(start, lambda started: started[1].kill())
        self._processes[id] = process
        return await self.get(camera, id)

    async def get(self, camera: str, id: str) -> Export:
        """A film of a camera. Raises HttpError 404 where there is none."""
        found = await self._threads.run(lambda: read_job(self._folder / id)) if re.match(ID_PATTERN, id) else None
        if found is None or found[0].camera != camera:
            raise HttpError(
                404, "no-export", f"camera {camera} has no film {id[:40]}; it may have been fetched already"
            )
        return Export(id, *found)

    async def delete(self, id: str) -> None:
        """Delete a film, and end its process."""
        process = self._processes.pop(id, None)
        if process is not None:
            _end(process)
        await self._threads.run(lambda: shutil.rmtree(self._folder / id, ignore_errors=True))

    async def read(self, export: Export) -> AsyncGenerator[bytes, None]:
        """The bytes of a film that is done, piece by piece. Raises HttpError."""
        with _disk_errors():
            file = await self._threads.run(lambda: os.open(self._folder / export.id / FILM_NAME, os.O_RDONLY), os.close)
        try:
            while True:
                with _disk_errors():
                    piece = await self._threads.run(lambda: os.read(file, READ_BYTES))
                if not piece:
                    return
                yield piece
        finally:
            os.close(file)

    def tick(self) -> None:
        """To be called about once a second."""
        for id, process in list(self._processes.items()):
            if process.poll() is not None:
                _end(self._processes.pop(id))

    def close(self) -> None:
        """End what is being made."""
        for process in self._processes.values():
            _end(process)
        self._processes.clear()

    def _ids(self) -> list[str]:
        with contextlib.suppress(FileNotFoundError):
            return [name for name in os.listdir(self._folder) if re.match(ID_PATTERN, name)]
        return []

    def _sweep(self) -> None:
        """Delete what nobody has fetched, and what no process makes any more."""
        for id in self._ids():
            found = read_job(self._folder / id)
            if found is None or (found[1].is_over and time.time() - found[1].updated > KEPT_SECONDS):
                shutil.rmtree(self._folder / id, ignore_errors=True)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process, which has nothing to tidy up."""
    process.kill()
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _environment() -> dict[str, str]:
    """That of the gateway, and where this package is: installed, Python does not find it by itself."""
    path = os.pathsep.join(filter(None, (str(PACKAGES), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path}


@contextlib.contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise HttpError(503, "disk", f"the film cannot be written or read: {error.strerror or error}") from None
