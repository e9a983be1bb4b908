"""Run the tests of this folder on Debian's real libcamera and its virtual camera, in a chroot made for them.

`python -m tests.libcamera` takes pytest's own arguments, such as `-k stall`. Needs root; mounts nothing.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.libcamera.chroot import SetupError, chroot, remove

ROOT = Path(__file__).parents[2]
COPIED = ("capture", "framebus", "tests", "pyproject.toml")
PLACE = "/framebus"
"""Where they are in the chroot."""
LIMIT_SECONDS = 300
"""Of the tests; they take a tenth of that."""
COULD_NOT_RUN = 3


def main(arguments: list[str]) -> int:
    """Returns pytest's exit status, or COULD_NOT_RUN."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    begin = time.monotonic()
    cache = cache_folder(os.environ)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with lock(cache):
            root = chroot(cache)
            copy(root)
            return run(root, arguments)
    except SetupError as error:
        print(f"make test-libcamera: {error}", file=sys.stderr)
        return COULD_NOT_RUN
    finally:
        print(f"{time.monotonic() - begin:.0f} s in all", flush=True)


def cache_folder(variables: Mapping[str, str]) -> Path:
    """Where the chroot is kept: under $FRAMEBUS_TEST_CACHE, else among the user's caches."""
    given = variables.get("FRAMEBUS_TEST_CACHE")
    users = Path(variables.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return ((Path(given) if given else users / "framebus-tests") / "libcamera").resolve()


@contextmanager
def lock(cache: Path) -> Iterator[None]:
    """One run at a time: they share the copy of the repository."""
    with (cache / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def copy(root: Path) -> None:
    """Put the repository as it is now into the chroot."""
    place = root / PLACE.lstrip("/")
    remove(place)
    place.mkdir()
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, place)


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
