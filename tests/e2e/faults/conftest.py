"""The pipeline under a fault, those who watch it, and the table of what each fault cost.

Run by `make test-faults`, alone on the machine: here seconds count, with bounds that are told and wide.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

import pytest

from benchmarks.processes import pss_bytes
from tests.capture.v4l2.shim import DEVICE
from tests.e2e.conftest import Pipeline, Up
from tests.e2e.faults.consumers import Consumer, MjpegConsumer, PageConsumer, ProgramConsumer, wait_for_pictures
from tests.gateway.camera import jpeg

collect_ignore_glob = [] if os.environ.get("FRAMEBUS_FAULTS") else ["test_*"]
collect_ignore = [] if os.environ.get("FRAMEBUS_SOAK_MINUTES") else ["test_soak.py"]

WHOLE_SECONDS = 3.0
"""What is promised: so long after the cause is gone, everybody has live pictures again."""
STALL_SECONDS = 10.0
"""The same after a stall, which takes its time to be noticed."""
SLACK_SECONDS = 4.0
"""A test machine is slower and noisier than what the promise is made for; the table tells what it took."""
SHIM_CAMERA = f"""
[camera.front]
source = "v4l2:{DEVICE}"
size = "640x480"
motion = true
record = ["always", "motion"]
"""


@dataclass(frozen=True)
class Row:
    """What a fault cost."""

    fault: str
    seconds: float
    missed: int
    kept: str
    memory_mb: float


class Faults:
    """A pipeline that is watched by one of each kind."""

    def __init__(self, pipeline: Pipeline, note: Callable[[Row], None]) -> None:
        """`note` takes the row of each fault."""
        self.pipeline = pipeline
        self.rows: list[Row] = []
        self._note = note
        self.program = ProgramConsumer(pipeline.config)
        self.page = PageConsumer(pipeline.config)
        self.consumers: list[Consumer] = [MjpegConsumer(pipeline.config), self.page, self.program]
        wait_for_pictures(self.consumers, 0.0, 15)

    @contextmanager
    def during(self, fault: str, within: float = WHOLE_SECONDS, keeps: str = "") -> Iterator[None]:
        """Make the fault, and take its cause away, within the block; then everybody must have live pictures again.

        `keeps` names the consumers, with a space between them, whose connections must outlive the fault.
        """
        before = {consumer.name: consumer.connections for consumer in self.consumers}
        missed = self.program.missed
        yield
        seconds = wait_for_pictures(self.consumers, time.time(), within + SLACK_SECONDS)
        self.pipeline.wait_until_whole()
        kept = [consumer.name for consumer in self.consumers if consumer.connections == before[consumer.name]]
        memory_mb = sum(map(pss_bytes, self.pipeline.processes().values())) / 1e6
        self.rows.append(Row(fault, seconds, self.program.missed - missed, " ".join(kept) or "-", memory_mb))
        self._note(self.rows[-1])
        assert set(keeps.split()) <= set(kept), f"{fault}: thrown out were {set(keeps.split()) - set(kept)}"
        self.check()

    def check(self) -> None:
        """Whatever happened: nothing that is no whole JPEG was delivered, and nothing failed that nobody foresaw."""
        assert [mistake for consumer in self.consumers for mistake in consumer.mistakes] == []
        assert "Traceback" not in self.pipeline.up.log, self.pipeline.up.log

    def close(self) -> None:
        """Watch no more."""
        for consumer in self.consumers:
            consumer.close()


Watched = Callable[[Pipeline], Faults]


@pytest.fixture
def watch(record_property: Callable[[str, object], None]) -> Iterator[Watched]:
    """Have a pipeline watched until the end of the test."""
    made: list[Faults] = []

    def run(pipeline: Pipeline) -> Faults:
        made.append(Faults(pipeline, lambda row: record_property("fault", astuple(row))))
        return made[-1]

    yield run
    for faults in made:
        faults.close()


@pytest.fixture
def fault_file(tmp_path: Path) -> Path:
    """While this file is there, its word breaks the software webcam."""
    return tmp_path / "fault"


@pytest.fixture
def webcam(up: Up, shim_library: Path, tmp_path: Path, fault_file: Path) -> Pipeline:
    """A pipeline on the software webcam."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, colour in enumerate(("red", "green", "blue")):
        (folder / f"{number}.jpg").write_bytes(jpeg(colour, (640, 480)))
    return up(
        SHIM_CAMERA,
        environment={
            "LD_PRELOAD": str(shim_library),
            "V4L2SHIM_DEV": DEVICE,
            "V4L2SHIM_DIR": str(folder),
            "V4L2SHIM_FPS": os.environ.get("FRAMEBUS_FAULTS_FPS", "30"),
            "V4L2SHIM_FAULT": str(fault_file),
        },
    )


def pytest_terminal_summary(terminalreporter: "pytest.TerminalReporter") -> None:
    """The table, whatever failed, and in whichever worker it ran."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    properties = [each for report in reports for each in getattr(report, "user_properties", ())]
    rows = sorted({Row(*value) for name, value in properties if name == "fault"}, key=lambda row: row.fault)
    if not rows:
        return
    terminalreporter.section("faults: seconds until everybody has live pictures again, once the cause is gone")
    terminalreporter.write_line("| fault | seconds | missed | connections kept | MB |")
    terminalreporter.write_line("|---|---|---|---|---|")
    for row in rows:
        stats = f"{row.seconds:.2f} | {row.missed} | {row.kept} | {row.memory_mb:.0f}"
        terminalreporter.write_line(f"| {row.fault} | {stats} |")
