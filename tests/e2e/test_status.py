"""`framebus status` of a real pipeline."""

import json
import subprocess
import sys
from typing import Any

from framebus import __version__
from framebus.supervision.client import ask
from framebus.supervision.files import Files
from tests.e2e.conftest import Pipeline
from tests.processes import wait_until


def status(pipeline: Pipeline) -> dict[str, Any]:
    command = [sys.executable, "-P", "-m", "framebus", "status", "--json", "--config", str(pipeline.config.path)]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


def test_a_healthy_pipeline_and_why_a_process_was_restarted(pipeline: Pipeline) -> None:
    found = status(pipeline)
    assert (found["version"], found["config"]) == (__version__, str(pipeline.config.path))
    assert found["urls"] == [f"{pipeline.url}/"]
    assert not found["changed"]
    assert [(camera["name"], camera["state"] in ("live", "idle")) for camera in found["cameras"]] == [("front", True)]
    assert {process["name"] for process in found["processes"]} == {"gateway", "snapshot", "capture-front"}
    assert all(process["restarts"] == 0 and process["uptime"] >= 0 for process in found["processes"])

    killed = pipeline.kill("snapshot")
    wait_until(lambda: pipeline.processes().get("snapshot", killed) != killed, "another one")

    (snapshot,) = (process for process in status(pipeline)["processes"] if process["name"] == "snapshot")
    assert (snapshot["restarts"], snapshot["why"]) == (1, "killed by SIGKILL")
    assert "WARNING framebus: snapshot has ended: killed by SIGKILL; it starts again" in pipeline.up.log
    assert "supervisord" not in pipeline.up.log


def test_an_edit_that_is_not_in_force_is_said(pipeline: Pipeline) -> None:
    assert pipeline.config.path is not None
    pipeline.config.path.write_text(pipeline.config.path.read_text().replace("320x240", "64x48"))
    assert status(pipeline)["changed"]
    pipeline.config.path.write_text("fps = ")
    assert status(pipeline)["changed"]


def test_the_reason_that_a_process_gives_is_kept(pipeline: Pipeline) -> None:
    copy = Files.of(pipeline.config.run_dir).copy
    before = copy.read_bytes()

    def why() -> str:
        processes = ask(pipeline.config.run_dir, "status")["processes"]
        return next(str(process["why"]) for process in processes if process["name"] == "snapshot")

    copy.write_bytes(b"fps = ")
    pipeline.kill("snapshot")
    wait_until(lambda: why().startswith("exit status 2: "), "the mistake in its configuration")
    assert f"{copy}: line 1" in why()
    copy.write_bytes(before)
    wait_until(pipeline.is_whole, "a pipeline that has recovered")
