"""Run the tests of this folder on Debian's real libcamera and its virtual camera, in a chroot made for them.

`python -m tests.libcamera` takes pytest's own arguments, such as `-k stall`. Needs root; mounts nothing.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.debian.chroot import PLACE, SetupError, cache_folder, chroot, copy, lock
from tests.libcamera.recipe import RECIPE

COPIED = ("capture", "framebus", "tests", "pyproject.toml")
LIMIT_SECONDS = 300
"""Of the tests; they take a tenth of that."""
COULD_NOT_RUN = 3


def main(arguments: list[str]) -> int:
    """Returns pytest's exit status, or COULD_NOT_RUN."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    begin = time.monotonic()
    cache = cache_folder(os.environ, "libcamera")
    try:
        with lock(cache):
            root = chroot(cache, RECIPE)
            copy(root, COPIED)
            return run(root, arguments)
    except SetupError as error:
        print(f"make test-libcamera: {error}", file=sys.stderr)
        return COULD_NOT_RUN
    finally:
        print(f"{time.monotonic() - begin:.0f} s in all", flush=True)


def run(root: Path, arguments: list[str]) -> int:
    """Run pytest in the chroot, its output to ours; returns its exit status. Raises SetupError."""
    variables = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "COLUMNS": str(shutil.get_terminal_size((120, 24)).columns),
        "CI": os.environ.get("CI", ""),
        "FRAMEBUS_LIBCAMERA": "1",
    }
    command = [
        *("chroot", str(root), "env", "-i", f"--chdir={PLACE}", *(f"{name}={to}" for name, to in variables.items())),
        *("python3", "-B", "-m", "pytest", "tests/libcamera", "-p", "no:cacheprovider", *arguments),
    ]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        return process.wait(LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        raise SetupError(f"the tests have not ended within {LIMIT_SECONDS} s") from None
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
