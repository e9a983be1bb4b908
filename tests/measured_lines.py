"""Stores the lines that a worker of `make coverage` has reached before xdist may kill it.

A hook of pytest's, which tests/conftest.py imports. A worker has ten seconds to end (xdist's EXIT_TIMEOUT). coverage
stores its figures last, and nothing is said when they are lost.
"""

import sys

import pytest


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Stop measuring this process and store its figures, where coverage measures it."""
    if "coverage" not in sys.modules:
        return
    from coverage import Coverage  # not installed everywhere

    measuring = Coverage.current()
    if measuring is not None:
        measuring.stop()
        measuring.save()
