"""Build the wheel, the sdist and the Debian package, install them in Debians that have nothing else, and use them.

`python -m tests.packaging` takes pytest's own arguments, such as `-k pipx`. Needs root.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

LIMIT_SECONDS = 900
"""Of all tests; they take a fifth of that."""
TEST_LIMIT_SECONDS = 300
"""Of each test: the first ones make a chroot and fetch packages."""


def main(arguments: list[str]) -> int:
    """Returns pytest's exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    begin = time.monotonic()
    command = [
        *(sys.executable, "-P", "-m", "pytest", str(Path(__file__).parent), "-p", "no:benchmark"),
        *(f"--timeout={TEST_LIMIT_SECONDS}", *arguments),
    ]
    root = str(Path(__file__).parents[2])
    process = subprocess.Popen(command, env={**os.environ, "FRAMEBUS_PACKAGES": "1", "PYTHONPATH": root}, cwd=root)
    try:
        return process.wait(LIMIT_SECONDS)
    finally:
        process.terminate()
        print(f"{time.monotonic() - begin:.0f} s in all", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
