"""The films that clients have asked for: begun, listed, sent and deleted. Nothing here waits for a disk in the loop."""

import asyncio
import contextlib
import fcntl
import importlib.util
import math
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import msgspec

from framebus.runtime.process_environment import environment
from gateway.cameras.disk_threads import DiskThreads
from gateway.export.job import FILM_NAME, ID_PATTERN, SILENT_SECONDS, Job, Progress, read_job, write_job
from gateway.net.errors import HttpError

MAX_EXPORTS = 4
"""Films that are made, wait, or wait to be fetched, of all workers; one is made at a time. Those that have failed give
way to new ones."""
MAX_EXPORTS_EACH = 2
"""Of one account, or of one address of those who are nobody."""
KEPT_SECONDS = 3600.0
"""A film that is not fetched is deleted after this time."""
SWEEP_SECONDS = 60.0
"""What is to be deleted is looked for so often."""
PLACES_NAME = "places"
"""The process that holds this lock counts the films and adds one; others wait for it."""
END_SECONDS = 1.0
"""The end of the gateway waits so long for a process that was killed. One that waits for a disk does not end before."""
READ_BYTES = 256 * 1024
EXPORT = "gateway.export"
"""The module that makes a film."""
NEEDS_AV = (
    "films in H.264 need the extra av: install python3-av with apt, or framebus with [av]; clip.mkv has the original "
    "frames without it"
)


class Export(msgspec.Struct, frozen=True):
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
        self._killed: list[subprocess.Popen[bytes]] = []
        self._sweeping: asyncio.Task[None] | None = None
        self._swept_at = -math.inf

    async def begin(self, camera: str, begin: float, end: float, owner: str, utc_offset: int | None = None) -> Export:
        """Have a film made. Raises HttpError.

        Args:
            camera: Its camera.
            begin: Unix seconds.
            end: Unix seconds.
            owner: The account or the address that asks for it; empty for this machine itself.
            utc_offset: As Job has it.
        """
        recordings, created = self.recordings, round(time.time(), 3)
        job = Job(camera=camera, begin=begin, end=end, created=created, owner=owner, utc_offset=utc_offset)

        def start() -> tuple[str, subprocess.Popen[bytes]]:
            if importlib.util.find_spec("av") is None:
                raise HttpError(501, "not-available", NEEDS_AV)
            id = secrets.token_hex(8)
            with self._places():
                self._sweep()
                self._make_room(owner)
                write_job(self._folder / id, job)
            command = [sys.executable, "-P", "-m", EXPORT, str(self._folder / id), str(recordings)]
            return id, subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment(EXPORT)
            )

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
            self._kill(process)
        await self._threads.run(lambda: shutil.rmtree(self._folder / id, ignore_errors=True))

    async def read(self, export: Export, begin: int, end: int) -> AsyncGenerator[bytes, None]:
        """The bytes of a film that is done from `begin` up to `end`, piece by piece. Raises HttpError."""
        with _disk_errors():
            file = await self._threads.run(lambda: os.open(self._folder / export.id / FILM_NAME, os.O_RDONLY), os.close)
        try:
            while begin < end:
                size, offset = min(READ_BYTES, end - begin), begin
                with _disk_errors():
                    piece = await self._threads.run(lambda: os.pread(file, size, offset))  # noqa: B023
                if not piece:
                    raise HttpError(503, "changed", "the film has become shorter")
                begin += len(piece)
                yield piece
        finally:
            os.close(file)

    def tick(self) -> None:
        """To be called about once a second."""
        for id, process in list(self._processes.items()):
            if process.poll() is not None:
                self._kill(self._processes.pop(id))
        self._killed = [process for process in self._killed if process.poll() is None]
        if self._sweeping is None and time.monotonic() - self._swept_at >= SWEEP_SECONDS:
            self._sweeping = asyncio.get_running_loop().create_task(self._sweep_now())

    def close(self) -> None:
        """End what is being made."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        for process in self._processes.values():
            self._kill(process)
        self._processes.clear()
        for process in self._killed:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END_SECONDS)

    def _kill(self, process: "subprocess.Popen[bytes]") -> None:
        """Kill a process, which has nothing to tidy up; `tick` notices its end, as a disk may hold that up."""
        process.kill()
        if process.stdin is not None:
            process.stdin.close()
        self._killed.append(process)

    def _ids(self) -> list[str]:
        with contextlib.suppress(FileNotFoundError):
            return [name for name in os.listdir(self._folder) if re.match(ID_PATTERN, name)]
        return []

    @contextlib.contextmanager
    def _places(self) -> Iterator[None]:
        """Let no other request of any worker add a film while the block runs. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / PLACES_NAME).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _make_room(self, owner: str) -> None:
        """Let failed films make room for a new one, the oldest first. Raises HttpError where there is none."""
        ids = self._ids()
        films = {id: found for id in ids if (found := read_job(self._folder / id)) is not None}
        own = [job for job, progress in films.values() if job.owner == owner and progress.state != "failed"]
        if owner and len(own) >= MAX_EXPORTS_EACH:
            message = f"{MAX_EXPORTS_EACH} films of yours are made or wait to be fetched already"
            raise HttpError(429, "too-often", message, 60)
        failed = sorted((id for id in films if films[id][1].state == "failed"), key=lambda id: films[id][1].updated)
        while len(ids) >= MAX_EXPORTS:
            if not failed:
                raise HttpError(503, "busy", f"{MAX_EXPORTS} films are made or wait to be fetched already", 60)
            ids.remove(failed[0])
            shutil.rmtree(self._folder / failed.pop(0), ignore_errors=True)

    async def _sweep_now(self) -> None:
        try:
            with contextlib.suppress(HttpError, OSError):
                await self._threads.run(self._sweep)
        finally:
            self._sweeping, self._swept_at = None, time.monotonic()

    def _sweep(self) -> None:
        """Delete films that were not fetched in time, and those that no process makes any more."""
        for id in self._ids():
            found = read_job(self._folder / id)
            if found is None:
                if _is_old(self._folder / id):  # else its files are just being written
                    shutil.rmtree(self._folder / id, ignore_errors=True)
            elif found[1].is_over and time.time() - found[1].updated > KEPT_SECONDS:
                shutil.rmtree(self._folder / id, ignore_errors=True)


def _is_old(folder: Path) -> bool:
    """Whether nothing was added to it for as long as a film may be silent; so has a date in the future."""
    with contextlib.suppress(OSError):
        return abs(time.time() - folder.stat().st_mtime) > SILENT_SECONDS
    return False


@contextlib.contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise HttpError(503, "disk", f"the film cannot be written or read: {error.strerror or error}") from None
