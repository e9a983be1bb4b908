"""Controls of the whole pipeline: set by HTTP, seen in the picture, and after a restart of capture."""

import io
import json
import subprocess
import sys
import urllib.request
from typing import Any

from PIL import Image, ImageStat

from tests.e2e.conftest import Pipeline
from tests.processes import wait_until


def request(pipeline: Pipeline, method: str, body: object = None) -> dict[str, Any]:
    """The values of the camera's controls, by their names, after a request."""
    url = f"{pipeline.url}/api/cameras/front/controls"
    data = None if body is None else json.dumps(body).encode()
    made = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(made, timeout=15) as answer:
        return {control["name"]: control["value"] for control in json.load(answer)["controls"]}


def brightness(pipeline: Pipeline) -> float:
    """Of the upper part of a fresh picture: the bars."""
    with urllib.request.urlopen(f"{pipeline.url}/snapshot?fresh=1", timeout=15) as answer:
        picture = Image.open(io.BytesIO(answer.read())).convert("L")
    return float(ImageStat.Stat(picture.crop((0, 0, picture.width, picture.height // 4))).mean[0])


def test_what_is_set_is_seen_and_outlives_capture(pipeline: Pipeline) -> None:
    before = brightness(pipeline)
    assert request(pipeline, "GET") == {"brightness": 0.0}
    assert request(pipeline, "PATCH", {"brightness": -0.8}) == {"brightness": -0.8}
    assert brightness(pipeline) < before / 2
    pipeline.kill("capture front")
    pipeline.wait_until_whole()
    wait_until(lambda: brightness(pipeline) < before / 2, "the darkness again")
    command = [sys.executable, "-m", "framebus", "controls", "front", "--config", str(pipeline.config.path), "--json"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
    assert json.loads(told)[0]["value"] == -0.8
    assert request(pipeline, "DELETE") == {"brightness": 0.0}
    assert brightness(pipeline) > before / 2
