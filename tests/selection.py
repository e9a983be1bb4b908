"""Which tests are marked by what they are: `slow` where they start processes, and skipped where only root can run them.

Marked where they stand: `slow`, tests that take more than a second, and most members of a sweep (tests.parameters);
`medium`, tests that start a program, sleep, or take more than 0.4 s. `make coverage` takes these, `make test-fast` not.
A hook of pytest's, which tests/conftest.py imports.
"""

import os
from pathlib import Path

import pytest

SLOW_FOLDERS = ("e2e", "benchmarks")
SLOW_FIXTURES = {"start", "up", "browser", "pi_camera", "shim_library"}
"""They start processes, each of which takes some tenths of a second."""
TESTS = Path(__file__).parent


def is_slow(item: pytest.Item) -> bool:
    """Whether a test starts processes or a browser."""
    folder = item.path.relative_to(TESTS).parts[0] if item.path.is_relative_to(TESTS) else ""
    return folder in SLOW_FOLDERS or not SLOW_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them, before pytest selects by marks (`-m`)."""
    for item in items:
        if is_slow(item):
            item.add_marker("slow")
        if item.get_closest_marker("root") and os.geteuid() != 0:
            item.add_marker(pytest.mark.skip(reason="only root can run it"))
