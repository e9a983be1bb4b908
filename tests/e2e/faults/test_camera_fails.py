"""The camera goes away, hangs, and gives what is no picture."""

import time
from pathlib import Path

import pytest

from tests.e2e.conftest import Pipeline
from tests.e2e.faults.conftest import STALL_SECONDS, WHOLE_SECONDS, Watched
from tests.processes import wait_until

FAULT_SECONDS = 8.0
"""Longer than a stall takes to be noticed."""


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("word", "within"),
    [("gone", WHOLE_SECONDS), ("hang", STALL_SECONDS), ("truncate", STALL_SECONDS), ("garbage", STALL_SECONDS)],
)
def test_the_camera_fails_and_comes_back(
    word: str, within: float, webcam: Pipeline, fault_file: Path, watch: Watched
) -> None:
    faults = watch(webcam)
    with faults.during(f"camera: {word} for {FAULT_SECONDS:g} s", within, keeps="mjpeg page zeromq"):
        fault_file.write_text(word)
        begin = time.monotonic()
        wait_until(lambda: faults.page.state == "offline", "the page told so")
        time.sleep(max(0.0, begin + FAULT_SECONDS - time.monotonic()))
        fault_file.unlink()
