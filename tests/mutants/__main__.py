"""`python -m tests.mutants [TARGET …]`: change the code in small ways, one at a time, and count what the tests notice.

Each change is a mutant, made by mutmut (mutmut.readthedocs.io): `<` becomes `<=`, an argument becomes None. A mutant
that passes all tests of its target survives: no test checks that piece of code. mutmut leaves out functions with a
decorator and the top level of modules. survivors.toml lists the known survivors with the reason for each; others are
printed. The exit status is 1 if a target has fewer noticed mutants than its limit, in percent.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.mutants import known

ROOT = Path(__file__).parents[2]
COPIED = ("framebus", "capture", "gateway", "recorder", "snapshot", "tests", "docs", "deploy", "benchmarks", "examples")
COPIED_FILES = ("framebus.toml", "supervisord.conf", "README.md", "Makefile", "CHANGELOG.md", "requirements.lock")
UNDECIDED = ("survived", "suspicious", "no tests", "segfault")
"""Results of mutmut that mean that no test failed because of the mutant."""
UNTRIED = ("not checked", "skipped")
SEED = 13
"""Of the samples, without --seed: the same mutants are drawn again while the code is the same."""
NO_MUTANT = "none"
"""As the name of the mutant to try: mutmut makes all of them, and fails then."""


@dataclass(frozen=True)
class Target:
    """Files that are mutated, and the tests that shall notice."""

    source: str
    """The package that holds them."""
    mutated: tuple[str, ...]
    """Patterns of fnmatch."""
    tests: tuple[str, ...]
    least_percent: int = 90
    """Fewer noticed mutants are a failure."""


TARGETS = {
    "credentials": Target("framebus", ("framebus/credentials/*",), ("tests/framebus/credentials",)),
    "access": Target(
        "gateway", ("gateway/access/*",), ("tests/gateway/access", "tests/gateway/http/test_link_page.py")
    ),
    "transport": Target("framebus", ("framebus/transport/*",), ("tests/framebus/transport",)),
    "protocol": Target("framebus", ("framebus/protocol/*",), ("tests/framebus/protocol",)),
    "delivery": Target(
        "gateway",
        tuple(f"gateway/delivery/{name}.py" for name in ("encoded_frame", "fan_out", "mjpeg", "stats", "viewer")),
        ("tests/gateway/delivery",),
    ),
    "jpeg": Target(
        "framebus",
        (
            "framebus/publishing/jpeg.py",
            "framebus/publishing/jpeg_walker.py",
            "framebus/publishing/jpeg_completeness.py",
        ),
        ("tests/framebus/publishing",),
    ),
    "multipart": Target(
        "capture",
        ("capture/media/jpeg_parts.py",),
        tuple(f"tests/capture/media/test_jpeg_parts{part}.py" for part in ("", "_lengths", "_states")),
    ),
}


def main() -> int:
    """Mutate the named targets, or all of them; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)} (default: all)")
    parser.add_argument("--survivors", action="store_true", help="print the known survivors, too")
    parser.add_argument("--jobs", type=int, default=1, help="how many mutants are tested at a time (default: 1)")
    parser.add_argument("--sample", type=int, metavar="N", help="try N mutants of each module, drawn at random")
    parser.add_argument("--seed", type=int, default=SEED, help=f"another number draws other mutants (default: {SEED})")
    options = parser.parse_args()
    unknown = [name for name in options.targets if name not in TARGETS]
    if unknown:
        parser.error(f"target {', '.join(unknown)}; allowed: {', '.join(TARGETS)}")
    failed = False
    for name in options.targets or TARGETS:
        failed |= not measure(name, TARGETS[name], options)
    return int(failed)


def measure(name: str, target: Target, options: argparse.Namespace) -> bool:
    """Mutate one target in a copy of the repository and report; returns whether enough mutants were noticed."""
    with tempfile.TemporaryDirectory(prefix="framebus-mutants-") as folder:
        copy = Path(folder)
        prepare(copy, target)
        chosen: list[str] = []
        if options.sample is not None:
            mutmut(copy, "run", "--max-children", "1", NO_MUTANT)
            chosen = sample(results_of(copy), options.sample, options.seed)
        run = mutmut(copy, "run", "--max-children", str(options.jobs), *chosen)
        if run.returncode:
            print(f"{name}: mutmut failed:\n{run.stdout[-2000:]}{run.stderr[-2000:]}", file=sys.stderr)
            return False
        results = results_of(copy)
        percent = noticed_percent(results)
        print(f"{name}: {percent:.1f} % of {described(results)}", flush=True)
        survivors = [
            known.identity(mutant, mutmut(copy, "show", mutant).stdout)
            for mutant, result in results.items()
            if result in UNDECIDED
        ]
    report(survivors, target, is_sample=bool(chosen), with_known=options.survivors)
    return percent >= target.least_percent


def report(survivors: list[str], target: Target, *, is_sample: bool, with_known: bool) -> None:
    """Compare the survivors with those of survivors.toml, and print the differences."""
    reasons = known.reasons()
    modules = known.modules(target.mutated, ROOT)
    for survivor in survivors:
        if survivor not in reasons:
            print(f"  new survivor: {survivor}")
        elif with_known:
            print(f"  known survivor: {survivor}\n    {reasons[survivor]}")
    if not is_sample:
        for survivor in reasons.keys() - set(survivors):
            if survivor.startswith(modules):
                print(f"  no survivor any more, remove it from survivors.toml: {survivor}")
    sys.stdout.flush()


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
        "pytest_add_cli_args": [
            "--timeout=600",
            "-m",
            "not slow",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:benchmark",
            "-p",
            "no:xdist",
        ],
    }
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in settings.items())
    (copy / "pyproject.toml").write_text(f"{(ROOT / 'pyproject.toml').read_text()}\n[tool.mutmut]\n{lines}\n")


def mutmut(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run mutmut in the copy."""
    command = [sys.executable, "-P", "-m", "mutmut", *arguments]
    return subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)


def results_of(copy: Path) -> dict[str, str]:
    """The result of every mutant by its name."""
    return parsed(mutmut(copy, "results", "--all", "true").stdout)


def parsed(results: str) -> dict[str, str]:
    """The lines of `mutmut results`: "    capture.jpeg.x__begin__mutmut_1: survived"."""
    lines = (line.strip().rpartition(": ") for line in results.splitlines())
    return {name: result for name, _, result in lines if "__mutmut_" in name}


def sample(mutants: Iterable[str], most: int, seed: int = SEED) -> list[str]:
    """At most so many mutants of each module; the same ones for the same seed."""
    of_modules: dict[str, list[str]] = {}
    for mutant in sorted(mutants):
        of_modules.setdefault(mutant.rpartition(".")[0], []).append(mutant)
    draw = random.Random(seed)
    return [mutant for each in of_modules.values() for mutant in draw.sample(each, min(most, len(each)))]


def noticed_percent(results: dict[str, str]) -> float:
    """How many of the mutants that were tried made a test fail, or run into its time limit."""
    tried = [result for result in results.values() if result not in UNTRIED]
    missed = sum(result in UNDECIDED for result in tried)
    return 100 * (len(tried) - missed) / len(tried) if tried else 0.0


def described(results: dict[str, str]) -> str:
    """Such as "393 mutants noticed (328 killed, 61 survived, 4 timeout)"."""
    counts = Counter(result for result in results.values() if result not in UNTRIED)
    untried = len(results) - counts.total()
    text = f"{counts.total()} mutants noticed ({', '.join(f'{count} {result}' for result, count in counts.items())})"
    return f"{text}, a sample of {len(results)}" if untried else text


if __name__ == "__main__":
    sys.exit(main())
