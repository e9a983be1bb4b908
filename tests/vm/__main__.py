"""Run the tests of this folder on the real uvcvideo and vivid drivers, in one boot of a machine made for them.

`python -m tests.vm` takes pytest's own arguments for the tests in the machine, such as `-k unplugged`.
"""

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.vm import clip
from tests.vm.kernel import Kernel, SetupError, kernel
from tests.vm.machine import MachineError, run

ROOT = Path(__file__).parents[2]
LIMIT_SECONDS = 600
"""Of the complete boot; it takes about a third of that on two quiet processors."""
TEST_LIMIT_SECONDS = 120
"""Of each test, instead of the 60 s that are enough where nothing is emulated."""
PLUGINS = ("pytest_asyncio.plugin", "pytest_timeout")
"""What the project's own settings need; to look for others takes ten seconds in the machine."""
COULD_NOT_RUN = 3


def main(arguments: list[str]) -> int:
    """Returns pytest's exit status, or COULD_NOT_RUN."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    begin = time.monotonic()
    try:
        cache = cache_folder(os.environ)
        made = kernel(cache)
        return run(made, pytest(arguments), ROOT, environment(made, clip.folder(cache)), LIMIT_SECONDS)
    except (SetupError, MachineError) as error:
        print(f"make test-v4l2: {error}", file=sys.stderr)
        return COULD_NOT_RUN
    finally:
        print(f"{time.monotonic() - begin:.0f} s in all", flush=True)


def cache_folder(variables: Mapping[str, str]) -> Path:
    """Where the kernel is kept: $FRAMEBUS_TEST_CACHE, else among the user's caches."""
    given = variables.get("FRAMEBUS_TEST_CACHE")
    users = Path(variables.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return (Path(given) if given else users / "framebus-tests" / "vm").resolve()


def pytest(arguments: list[str]) -> list[str]:
    """The command that runs in the machine."""
    plugins = [option for plugin in (*PLUGINS, "no:cacheprovider") for option in ("-p", plugin)]
    colour = "yes" if sys.stdout.isatty() else "no"  # the machine's own output always looks like a terminal
    options = [*plugins, f"--timeout={TEST_LIMIT_SECONDS}", f"--color={colour}"]
    return [sys.executable, "-m", "pytest", "tests/vm", *options, *arguments]


def environment(made: Kernel, clips: Path) -> dict[str, str]:
    """Of that command."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "COLUMNS": "120",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "FRAMEBUS_VM": str(made.root),
        "FRAMEBUS_VM_CLIPS": str(clips),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
