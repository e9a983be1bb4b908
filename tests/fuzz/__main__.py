"""`python -m tests.fuzz [TARGET …] [--seconds N]`: fuzz parsers, guided by coverage. Needs atheris; see `make fuzz`.

Inputs that reach new code are added to tests/fuzz/corpus/TARGET, which tests/fuzz/test_corpus.py replays and
`python -m tests.fuzz.minimise` thins out. An input that
fails is written to crash-HASH in the current folder, with its traceback on the terminal.
"""

import argparse
import subprocess
import sys

import atheris

with atheris.instrument_imports(include=["framebus", "capture", "gateway"]):
    from tests.fuzz.targets import TARGETS

from tests.fuzz import CORPUS

MAX_INPUT_BYTES = 4096
DEFAULT_SECONDS = 600


def main() -> int:
    """Fuzz the named targets one after another, each in a process of its own; returns 1 when one failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("targets", nargs="*", default=list(TARGETS), metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=DEFAULT_SECONDS, help="for each target")
    parser.add_argument("--in-process", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if unknown := set(options.targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    if options.in_process:
        fuzz(options.targets[0], options.seconds)
    failed = [name for name in options.targets if run(name, options.seconds)]
    print(f"failed: {', '.join(failed)}" if failed else "no target failed")
    return 1 if failed else 0


def run(name: str, seconds: int) -> int:
    """One target in a process of its own, as libFuzzer ends the process."""
    command = [sys.executable, "-m", "tests.fuzz", name, "--seconds", str(seconds), "--in-process"]
    return subprocess.run(command, check=False).returncode


def fuzz(name: str, seconds: int) -> None:
    """Fuzz one target in this process; never returns."""
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    limits = [f"-max_total_time={seconds}", f"-max_len={MAX_INPUT_BYTES}", "-print_final_stats=1", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *limits, str(folder)], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
