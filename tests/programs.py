"""Programs of the machine that some tests need."""

import shutil

import pytest


def need(program: str) -> str:
    """The path of a program; without it the test is skipped, which is a failure where CI=true."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found
