"""`framebus status` of a real pipeline."""

import json
import subprocess
import sys
from typing import Any

from framebus import __version__
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
