"""Keeps `python -m framebus` from importing modules of the current folder in place of Python's and framebus's own.

`python -m` puts the current folder first on the import path. `python -P` does not; this module does the same for those
who leave `-P` out. It runs before every other import of framebus, so it imports nothing that Python has not loaded yet.
"""

import os
import sys

PROGRAMS = ("framebus", "framebus.__main__")


def started_as_program() -> bool:
    """Whether this is `python -m framebus` (and not a program that imports framebus)."""
    words = iter(sys.orig_argv[1:])
    module = next((word[2:] or next(words, "") for word in words if word.startswith("-m")), "")
    return sys.argv[:1] == ["-m"] and module in PROGRAMS


def drop_current_folder() -> bool:
    """Take the current folder off the import path, unless PYTHONPATH names it.

    A working copy that is not installed stays importable: its folder goes to the end of the path.

    Returns:
        Whether framebus is importable from the current folder alone.
    """
    if sys.flags.safe_path or not started_as_program():
        return False
    current, package_folder = os.getcwd(), os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    first, rest = sys.path[:1], sys.path[1:]
    sys.path[:] = [entry for entry in rest if entry not in ("", current) or current in named]
    if first not in ([""], [current]):
        sys.path[:0] = first
    if package_folder != current or package_folder in sys.path:
        return False
    sys.path.append(package_folder)
    return True


FOUND_IN_CURRENT_FOLDER = drop_current_folder()


def python_path() -> str | None:
    """The PYTHONPATH for the processes that this one starts: without empty entries, which mean the current folder."""
    entries = [os.path.abspath(entry) for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    return os.pathsep.join(entries + sys.path[-1:] * FOUND_IN_CURRENT_FOLDER) or None
