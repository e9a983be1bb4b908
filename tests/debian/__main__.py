"""Run the tests on a Debian 13 with apt's own packages, which is what a Raspberry Pi has.

`python -m tests.debian` takes pytest's own arguments, such as `tests/gateway -k login`. Needs root. The tests run as a
plain user; those that only root can run follow as root.
"""

import os
import signal
import sys
import time
from pathlib import Path

from tests.debian.chroot import ROOT, SetupError, cache_folder, chroot, copy, lock
from tests.debian.inside import run
from tests.debian.recipe import RECIPE, USER

LIMIT_SECONDS = 1500
"""Of all tests; they take a third of that on two processors."""
COULD_NOT_RUN = 3
NO_TESTS = 5
"""pytest's exit status where the arguments select none."""
NOT_HERE = (
    "tests/framebus/test_public_names.py::test_a_users_program_is_type_checked",  # without mypy
    "tests/e2e/test_up.py::test_a_user_without_a_name_can_run_it",  # a chroot has no user namespaces
    "tests/benchmarks/test_quota.py::test_a_busy_process_gets_its_share",  # a chroot has no control groups
    "tests/examples/test_languages.py::test_node_reads_a_live_camera",  # without npm, which brings 300 packages
    "tests/e2e/test_page_accessibility.py::test_everything_is_accessible",  # the same
    "tests/e2e/test_page_webkit.py::test_the_pages_work_in_webkit",  # without LLVM, which takes 130 MB
    "tests/test_measured_lines.py::test_the_lines_of_a_killed_worker_are_stored",  # without coverage
)
MARK = "mark.root"
FAULTS = Path("tests/e2e/faults")
"""`make test-faults` runs them."""
PYTEST = ("python3", "-P", "-m", "pytest", "-n", "4", "--dist", "worksteal", "-p", "no:cacheprovider")
"""Four at a time, as most of them wait."""
DESELECTED = [f"--deselect={test}" for test in NOT_HERE]
"""`make coverage` and `make test` run them."""


def main(arguments: list[str]) -> int:
    """Returns pytest's exit status, or COULD_NOT_RUN."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    begin = time.monotonic()
    cache = cache_folder(os.environ, "debian")
    try:
        with lock(cache):
            root = chroot(cache, RECIPE)
            statuses: list[int] = []
            for user, options in ((USER, ["-m", "not root", *arguments]), ("root", as_root(arguments))):
                print(f"Tests on Debian 13 with apt's packages, as {user}", flush=True)
                copy(root, owner=user)
                statuses.append(run(root, user, [*PYTEST, *DESELECTED, *options], LIMIT_SECONDS, {}))
            return of_both(statuses)
    except SetupError as error:
        print(f"{RECIPE.command}: {error}", file=sys.stderr)
        return COULD_NOT_RUN
    finally:
        print(f"{time.monotonic() - begin:.0f} s in all", flush=True)


def as_root(arguments: list[str]) -> list[str]:
    """What pytest gets for root: without arguments only the modules that name the mark, as to load all takes longer."""
    modules = [module.relative_to(ROOT) for module in (ROOT / "tests").rglob("test_*.py") if MARK in module.read_text()]
    return ["-m", "root", *(arguments or sorted(str(module) for module in modules if FAULTS not in module.parents))]


def of_both(statuses: list[int]) -> int:
    """One of them may have had no tests, but not both."""
    failed = [status for status in statuses if status not in (0, NO_TESTS)]
    return failed[0] if failed else min(statuses)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
