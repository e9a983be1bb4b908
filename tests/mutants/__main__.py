"""`python -m tests.mutants [TARGET …]`: change the code in small ways, one at a time, and count what the tests notice.

Each change is a mutant, made by mutmut (mutmut.readthedocs.io): `<` becomes `<=`, an argument becomes None. A mutant
that passes all tests of its target survives: no test checks that piece of code. mutmut leaves out functions with a
decorator and the top level of modules. The exit status is 1 if a target with a limit has fewer noticed mutants, in
percent.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPIED = ("framebus", "capture", "gateway", "snapshot", "tests", "docs", "deploy", "benchmarks")
COPIED_FILES = ("framebus.toml", "supervisord.conf", "README.md", "Makefile", "CHANGELOG.md", "requirements.lock")
UNDECIDED = ("survived", "suspicious", "no_tests", "segfault")
"""Results of mutmut that mean that no test failed because of the mutant."""


@dataclass(frozen=True)
class Target:
    """Files that are mutated, and the tests that shall notice."""

    source: str
    """The package that holds them."""
    mutated: tuple[str, ...]
    """Patterns of fnmatch."""
    tests: tuple[str, ...]
    least_percent: int = 0
    """Fewer noticed mutants are a failure."""


TARGETS = {
    "credentials": Target("framebus", ("framebus/credentials/*",), ("tests/framebus/credentials",), least_percent=90),
    "access": Target("gateway", ("gateway/access/*",), ("tests/gateway/access",)),
    "transport": Target("framebus", ("framebus/transport/*",), ("tests/framebus/transport",)),
    "protocol": Target("framebus", ("framebus/protocol/*",), ("tests/framebus/protocol",)),
    "jpeg": Target("framebus", ("framebus/publishing/jpeg.py",), ("tests/framebus/publishing/test_jpeg.py",)),
    "multipart": Target("capture", ("capture/media/jpeg_parts.py",), ("tests/capture/media/test_jpeg_parts.py",)),
}


def main() -> int:
    """Mutate the named targets, or all of them; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)} (default: all)")
    parser.add_argument("--survivors", action="store_true", help="print the diff of each mutant that no test noticed")
    parser.add_argument("--jobs", type=int, default=1, help="how many mutants are tested at a time (default: 1)")
    options = parser.parse_args()
    unknown = [name for name in options.targets if name not in TARGETS]
    if unknown:
        parser.error(f"target {', '.join(unknown)}; allowed: {', '.join(TARGETS)}")
    failed = False
    for name in options.targets or TARGETS:
        failed |= not measure(name, TARGETS[name], jobs=options.jobs, survivors=options.survivors)
    return int(failed)


def measure(name: str, target: Target, *, jobs: int, survivors: bool) -> bool:
    """Mutate one target in a copy of the repository and print a line; returns whether enough mutants were noticed."""
    with tempfile.TemporaryDirectory(prefix="framebus-mutants-") as folder:
        copy = Path(folder)
        prepare(copy, target)
        run = mutmut(copy, "run", "--max-children", str(jobs))
        if run.returncode:
            print(f"{name}: mutmut failed:\n{run.stdout[-2000:]}{run.stderr[-2000:]}", file=sys.stderr)
            return False
        mutmut(copy, "export-cicd-stats")
        counts = json.loads((copy / "mutants" / "mutmut-cicd-stats.json").read_text())
        percent = noticed_percent(counts)
        others = ", ".join(f"{count} {result}" for result, count in counts.items() if count and result != "total")
        print(f"{name}: {percent:.1f} % of {counts['total']} mutants noticed ({others})", flush=True)
        if survivors:
            for mutant in unnoticed(mutmut(copy, "results").stdout):
                print(mutmut(copy, "show", mutant).stdout, flush=True)
    return percent >= target.least_percent


def prepare(copy: Path, target: Target) -> None:
    """Copy what the tests need, with a configuration of mutmut for this target."""
    for part in COPIED:
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in COPIED_FILES:
        shutil.copy(ROOT / file, copy / file)
    others = [part for part in (*COPIED, *COPIED_FILES) if part not in (target.source, "tests")]
    settings = {
        "source_paths": [target.source],
        "only_mutate": list(target.mutated),
        "also_copy": others,
        "pytest_add_cli_args_test_selection": list(target.tests),
        "timeout_multiplier": 5.0,
        "pytest_add_cli_args": ["--timeout=600", "-p", "no:cacheprovider", "-p", "no:benchmark", "-p", "no:xdist"],
    }
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in settings.items())
    (copy / "pyproject.toml").write_text(f"{(ROOT / 'pyproject.toml').read_text()}\n[tool.mutmut]\n{lines}\n")


def mutmut(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run mutmut in the copy."""
    command = [sys.executable, "-P", "-m", "mutmut", *arguments]
    return subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)


def noticed_percent(counts: dict[str, int]) -> float:
    """How many mutants of mutmut's statistics made a test fail, or run into its time limit."""
    missed = sum(counts.get(result, 0) for result in UNDECIDED)
    considered = counts["total"] - counts.get("skipped", 0)
    return 100 * (considered - missed) / considered if considered else 0.0


def unnoticed(results: str) -> list[str]:
    """The names of the mutants that `mutmut results` lists as survived or untested."""
    lines = (line.strip().partition(": ") for line in results.splitlines())
    return [name for name, _, result in lines if result in ("survived", "no tests", "suspicious", "segfault")]


if __name__ == "__main__":
    sys.exit(main())
