"""The known survivors of `make mutants`, in survivors.toml: changes that no test notices, and why."""

import re
import tomllib
from pathlib import Path

FILE = Path(__file__).with_name("survivors.toml")


def identity(mutant: str, shown: str) -> str:
    """What a survivor is listed by: "a.b._begin: if begin < 0: => if begin <= 0:".

    Unlike mutmut's own name, which ends with a number, it stays the same while other lines of the function change.

    Args:
        mutant: mutmut's name: "a.b.x__begin__mutmut_12", of a method "a.b.xǁJpegǁparse__mutmut_3".
        shown: the output of `mutmut show`, a unified diff.
    """
    module, _, name = mutant.rpartition(".")
    function = re.sub(r"__mutmut_\d+$", "", name)
    function = function.removeprefix("xǁ").replace("ǁ", ".") if "ǁ" in function else function.removeprefix("x_")
    lines = [line for line in shown.splitlines() if not line.startswith(("---", "+++", "#"))]
    old = " ".join(line[1:].strip() for line in lines if line.startswith("-"))
    new = " ".join(line[1:].strip() for line in lines if line.startswith("+"))
    return f"{module}.{function}: {old} => {new}"


def reasons(file: Path = FILE) -> dict[str, str]:
    """The reason for each known survivor, by its identity."""
    groups = tomllib.loads(file.read_text())["survivors"]
    return {mutant: group["reason"] for group in groups for mutant in group["mutants"]}


def modules(mutated: tuple[str, ...], root: Path) -> tuple[str, ...]:
    """What the identities of mutants of these files begin with; `mutated` are patterns below `root`."""
    files = [file.relative_to(root) for pattern in mutated for file in root.glob(pattern) if file.suffix == ".py"]
    return tuple(f"{'.'.join(file.with_suffix('').parts)}." for file in files)
