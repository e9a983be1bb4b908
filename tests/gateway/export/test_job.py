"""A film as files."""

import time
from pathlib import Path

import pytest

from gateway.export.job import (
    CUT_OFF,
    JOB_NAME,
    PROGRESS_NAME,
    SILENT_SECONDS,
    Job,
    Progress,
    read_job,
    write_job,
    write_progress,
)

JOB = Job(camera="front", begin=1.0, end=2.5, created=3.0)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_job(tmp_path / "film", JOB)
    found = read_job(tmp_path / "film")
    assert found is not None
    assert (found[0], found[1].state) == (JOB, "waiting")
    write_progress(tmp_path / "film", Progress(state="running", share=0.5, frames=7, bytes=9))
    found = read_job(tmp_path / "film")
    assert found is not None
    assert (found[1].state, found[1].share, found[1].frames, found[1].bytes) == ("running", 0.5, 7, 9)
    assert abs(time.time() - found[1].updated) < 60


def test_without_files_there_is_no_film(tmp_path: Path) -> None:
    assert read_job(tmp_path / "film") is None


@pytest.mark.parametrize("name", [JOB_NAME, PROGRESS_NAME])
@pytest.mark.parametrize("content", [b"", b"[]", b'{"camera":"../x","begin":1,"end":2,"created":3}', b"\xff"])
def test_files_that_are_damaged_are_no_film(tmp_path: Path, name: str, content: bytes) -> None:
    write_job(tmp_path / "film", JOB)
    (tmp_path / "film" / name).write_bytes(content)
    assert read_job(tmp_path / "film") is None or (content.startswith(b"{") and name == PROGRESS_NAME)


@pytest.mark.parametrize(("state", "told"), [("waiting", "failed"), ("running", "failed"), ("done", "done")])
def test_a_film_of_which_nothing_is_heard_has_failed(tmp_path: Path, state: str, told: str) -> None:
    write_job(tmp_path / "film", JOB)
    old = f'{{"state":"{state}","updated":{time.time() - SILENT_SECONDS - 1}}}'
    (tmp_path / "film" / PROGRESS_NAME).write_text(old)
    found = read_job(tmp_path / "film")
    assert found is not None
    assert (found[1].state, found[1].reason) == (told, CUT_OFF if told == "failed" else "")
