"""Programs of the machine that some tests need. In CI a missing one is a failure: a skipped test proves nothing."""

import os
import shutil

import pytest


def need(program: str) -> str:
    """The path of a program; without it the test is skipped, or fails where CI=true."""
    found = shutil.which(program)
    if found is None:
        missing = f"{program} is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return found
