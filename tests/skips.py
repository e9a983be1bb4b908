"""Where CI=true a skipped test is a failure: it proves nothing, and CI installs what the tests need.

Hooks of pytest's, which tests/conftest.py imports. A test that is expected to fail, and one that is not selected, count
as no skips.
"""

import os
from collections.abc import Generator

import pytest

TOLD = "skipped, which is a failure where CI=true"


def fail_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure that says the reason of the skip."""
    if os.environ.get("CI") == "true" and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{TOLD}: {reason.removeprefix('Skipped: ')}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Look at each phase of each test; pytest's own plugin has said by then what is expected to fail."""
    report = yield
    fail_skipped(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Look at each module, which can skip itself as one."""
    report = yield
    fail_skipped(report)
    return report
