"""Keeps modules of other programs from being imported in place of framebus's own: from the current folder, and by name.

`python -m` puts the current folder first on the import path. `python -P` does not; this module does the same for those
who leave `-P` out. It runs before every other import of framebus, so it imports nothing that Python has not loaded yet.

The folders of PYTHONPATH come before all others. One that holds a `capture.py` would make `python -m capture` run that
file, so the processes are started without such a folder.
"""

import os
import sys

PROGRAMS = ("framebus", "framebus.__main__")
PACKAGES = ("framebus", "capture", "gateway", "recorder", "snapshot")
PACKAGE_FOLDER = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
"""Where these packages are."""


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


def python_path(before: str | None = None) -> str | None:
    """The PYTHONPATH for the processes that this one starts.

    It lacks empty entries, which mean the current folder, and the folders of `shadowed_by`.

    Args:
        before: the PYTHONPATH to make it of; None for that of this process.
    """
    strangers = shadowed_by(before)
    entries = [entry for entry in _entries(before) if entry not in strangers]
    return os.pathsep.join(entries + sys.path[-1:] * FOUND_IN_CURRENT_FOLDER) or None


def shadowed_by(before: str | None = None) -> dict[str, str]:
    """The folders of PYTHONPATH with another module in place of a package of framebus, and the name of that module."""
    from importlib.machinery import PathFinder

    found: dict[str, str] = {}
    for entry in _entries(before):
        if os.path.realpath(entry) == os.path.realpath(PACKAGE_FOLDER):
            continue
        for name in PACKAGES:
            spec = PathFinder.find_spec(name, [entry])
            if spec is not None and spec.origin is not None:  # a folder without __init__.py gives way to a package
                found.setdefault(entry, name)
    return found


def _entries(python_path: str | None) -> list[str]:
    text = os.environ.get("PYTHONPATH", "") if python_path is None else python_path
    return [os.path.abspath(entry) for entry in text.split(os.pathsep) if entry]
