"""`python -m tests.fuzz.api`: send a running gateway requests made from /api/openapi.json. Needs schemathesis.

It fails on an answer that the document does not describe, and on one that no handler foresaw. Streams and websockets
are left out: they do not end.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from framebus.config.load import load
from framebus.runtime.run_dir import prepare
from tests.conftest import TESTCARD
from tests.ports import free_ports
from tests.processes import Running, python, wait_until

CHECKS = "status_code_conformance,content_type_conformance,response_schema_conformance"
ENDLESS = r"^/(stream|stream\.mjpg|live\.jpg|ws|camera/\{camera\}/(ws|stream\.mjpg))$"
EXAMPLES = 30
"""Requests for each operation and phase."""
SEED = 20261128
LIMIT_SECONDS = 600
UNFORESEEN = "requests failed"
"""What the gateway logs of an exception that no handler foresaw."""


def main() -> int:
    """Run the pipeline and schemathesis; returns 0 when every answer was as described."""
    with tempfile.TemporaryDirectory(prefix="framebus-") as folder:
        (port,) = free_ports(1)
        file = Path(folder, "framebus.toml")
        history = "[snapshot]\nhistory = 5\n"
        limits = "stills_per_second = 1000\n"
        file.write_text(f'run_dir = "{folder}"\n{TESTCARD}\n[gateway]\nlisten = "127.0.0.1:{port}"\n{limits}{history}')
        prepare(load(file))
        processes = [
            Running(*python(*arguments, "--config", str(file)), log=Path(folder, f"{arguments[0]}.log"))
            for arguments in (("capture", "front"), ("snapshot",), ("gateway",))
        ]
        try:
            wait_until(lambda: "listening on" in processes[-1].log, "the gateway listens")
            status = schemathesis(f"http://127.0.0.1:{port}/api/openapi.json")
            log = processes[-1].log
        finally:
            for process in processes:
                process.close()
    if UNFORESEEN in log:
        print(log)
        return 1
    return status


def schemathesis(url: str) -> int:
    """Run it against the document at this address; returns its exit status."""
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent)) or "schemathesis"
    options = [
        "--checks",
        CHECKS,
        "--exclude-path-regex",
        ENDLESS,
        "--seed",
        str(SEED),
        "--max-examples",
        str(EXAMPLES),
    ]
    command = [program, "run", url, *options, "--phases", "examples,coverage,fuzzing", "--suppress-health-check", "all"]
    return subprocess.run(command, timeout=LIMIT_SECONDS, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
