"""The golden files, read by another language."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from framebus.protocol.wire import split
from tests.framebus.golden.make import FOLDER
from tests.processes import DEADLINE_SECONDS
from tests.programs import need


def in_python(file: Path) -> dict[str, Any]:
    kind, camera, header, body = split(file.read_bytes())
    return {"kind": kind, "camera": camera, "header": json.loads(header), "body": body.hex()}


@pytest.mark.medium
def test_javascript_reads_in_every_file_what_python_reads() -> None:
    files = sorted(FOLDER.glob("*.bin"))

    ran = subprocess.run(
        [need("node"), FOLDER / "read.mjs", *files],
        capture_output=True,
        text=True,
        check=True,
        timeout=DEADLINE_SECONDS,
    )

    assert json.loads(ran.stdout) == [in_python(file) for file in files]
    assert len(files) >= 6
