"""`python -m tests.fuzz.minimise [TARGET …]`: keep of a corpus the inputs that reach code which no smaller one reaches.

Inputs that were given a name, such as those of a crash that was fixed, stay. This needs no atheris.
"""

import argparse
import re
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from tests.fuzz import CORPUS
from tests.fuzz.targets import TARGETS

ROOT = str(Path(__file__).parents[2])
HASH = re.compile(r"[0-9a-f]{40}")
"""What libFuzzer calls an input."""
TESTS = f"{ROOT}/tests/"

Arc = tuple[str, int, int]
"""A step from one line of a file to another."""


def main() -> int:
    """Minimise the named corpora, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.minimise")
    parser.add_argument("targets", nargs="*", default=list(TARGETS), metavar="TARGET", help=", ".join(TARGETS))
    for name in parser.parse_args().targets:
        files = sorted(
            (CORPUS / name).iterdir(), key=lambda file: (bool(HASH.fullmatch(file.name)), file.stat().st_size)
        )
        dropped = redundant({file.name: file.read_bytes() for file in files}, name)
        for file in dropped:
            (CORPUS / name / file).unlink()
        print(f"{name}: {len(files) - len(dropped)} of {len(files)} inputs kept")
    return 0


def redundant(inputs: dict[str, bytes], name: str) -> list[str]:
    """Which of the inputs reach nothing that the ones before them do not reach, by their names; named ones stay."""
    reached: set[Arc] = set()
    dropped: list[str] = []
    for file, data in inputs.items():
        arcs = arcs_of(data, name)
        if arcs <= reached and HASH.fullmatch(file):
            dropped.append(file)
        reached |= arcs
    return dropped


def arcs_of(data: bytes, name: str) -> set[Arc]:
    """The steps between lines of framebus that this input causes."""
    arcs: set[Arc] = set()
    last: dict[FrameType, int] = {}

    def line(frame: FrameType, event: str, _: Any) -> Any:
        file = frame.f_code.co_filename
        if not file.startswith(ROOT) or file.startswith(TESTS):
            return None
        arcs.add((file, last.get(frame, 0), frame.f_lineno))
        last[frame] = frame.f_lineno
        return line

    forget_results()
    before = sys.gettrace()
    sys.settrace(line)
    try:
        TARGETS[name](data)
    finally:
        sys.settrace(before)
    return arcs


def forget_results() -> None:
    """Empty the caches of functions: what an earlier input has left there would be reached by that one alone."""
    for module in list(sys.modules.values()):
        if (getattr(module, "__file__", None) or "").startswith(ROOT):
            for function in list(vars(module).values()):
                if hasattr(function, "cache_clear"):
                    function.cache_clear()


if __name__ == "__main__":
    sys.exit(main())
