"""Parameters of tests: sweeps, of which the fast tests take the first values, and short names for long values.

A hook of pytest's, which tests/conftest.py imports.
"""

from collections.abc import Iterable
from typing import Any

import pytest

MAX_ID_CHARACTERS = 60
"""Each worker of xdist sends the names of all tests, and the name of a test again with each of its reports."""


def sweep(values: Iterable[Any], fast: int) -> list[Any]:
    """All values for `parametrize`; those after the first `fast` ones are marked `slow`: they rarely tell more."""
    return [pytest.param(value, marks=pytest.mark.slow if at >= fast else ()) for at, value in enumerate(values)]


def pytest_make_parametrize_id(val: object) -> str | None:
    """Shorten what pytest would put into the name of a test in full; None leaves the name to pytest."""
    if isinstance(val, str | bytes) and len(val) > MAX_ID_CHARACTERS:
        return f"{ascii(val[: MAX_ID_CHARACTERS // 2])[:MAX_ID_CHARACTERS]}... {len(val)}"
    return None
