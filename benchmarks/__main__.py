"""Run all benchmarks or the named ones, print their tables and a summary, and write the results to a file."""

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from types import FrameType, ModuleType

from benchmarks import (
    age,
    bus,
    controls,
    demand,
    eight_cameras,
    fan_out,
    few_viewers,
    first_picture,
    footprint,
    many_viewers,
    motion,
    peers,
    quota,
    recorded_page,
    recorded_seek,
    recorder,
    renditions,
    results,
    slow_link,
    slow_page,
    snapshots,
    stalled_viewers,
    subscribers,
    targets,
    workers,
)
from benchmarks.load import allow_many_sockets
from benchmarks.processes import BenchError, SkippedBenchmark
from benchmarks.session import Session
from benchmarks.table import comparison

BENCHMARKS: dict[str, ModuleType] = {
    "few-viewers": few_viewers,
    "fan-out": fan_out,
    "age": age,
    "slow-link": slow_link,
    "slow-page": slow_page,
    "first-picture": first_picture,
    "controls": controls,
    "stalled-viewers": stalled_viewers,
    "subscribers": subscribers,
    "snapshots": snapshots,
    "workers": workers,
    "many-viewers": many_viewers,
    "eight-cameras": eight_cameras,
    "renditions": renditions,
    "footprint": footprint,
    "demand": demand,
    "bus": bus,
    "recorder": recorder,
    "recorded-seek": recorded_seek,
    "recorded-page": recorded_page,
    "motion": motion,
}
RESULTS = Path(__file__).parent / "results"
EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks. The exit status says whether they could be measured, not what the results are."""
    options = parse(arguments)
    try:
        before = results.read(options.compare) if options.compare else None
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    try:
        for program in peers.prefer(options.peers) if options.peers else ():
            print(f"peer: {program}")
        if options.quota:
            quota.limit_to(options.quota)
    except BenchError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    signal.signal(signal.SIGTERM, interrupt)
    allow_many_sockets()
    folder = Path(tempfile.mkdtemp(prefix="fbb"))
    session = Session(folder, options.quick)
    try:
        failed = run(session, options.names or list(BENCHMARKS), options.quota)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    finally:
        session.remove_devices()
        shutil.rmtree(folder, ignore_errors=True)
    if options.quota:
        print("\nThe targets do not apply with --quota: a server that it slows down uses less, and sends fewer frames.")
    else:
        print(f"\n{targets.summary(session.results)}")
    document = results.document(session.results, options.quick, options.quota)
    options.json.write_text(json.dumps(document, indent=1) + "\n")
    if before is not None:
        old, old_results = before
        print(f"\nSince {old['date']}, commit {old['versions']['commit']}:\n")
        print(comparison(old_results, session.results))
    print(f"\nThe results are in {options.json}; a later run with --compare shows the changes.")
    return EXIT_FAILED if failed else EXIT_OK


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(BENCHMARKS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="shorter, and each only once: a few minutes in all")
    default = RESULTS / f"{datetime.now():%Y-%m-%d-%H%M%S}.json"
    parser.add_argument("--json", metavar="FILE", type=Path, default=default, help="where to write the results")
    parser.add_argument("--compare", metavar="FILE", type=Path, help="results of an earlier run to compare with")
    peers_help = "take ustreamer and mjpg_streamer from this folder, where they were built, before installed ones"
    parser.add_argument("--peers", metavar="FOLDER", type=Path, help=peers_help)
    quota_help = (
        "what each server may use of a core, such as 20: an idea of a small machine; not for footprint and demand"
    )
    parser.add_argument("--quota", metavar="PERCENT", type=percent, help=quota_help)
    options = parser.parse_args(arguments)
    for name in options.names:
        if name not in BENCHMARKS:
            parser.error(f"there is no benchmark {name}; there are {', '.join(BENCHMARKS)}")
    return options


def percent(text: str) -> float:
    """Parse the share of a core. Raises ArgumentTypeError."""
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 1 <= share <= 100:
        raise argparse.ArgumentTypeError(f"{text} is no share of a core; allowed: 1 to 100 percent")
    return share


def run(session: Session, names: Sequence[str], quota_percent: float | None = None) -> list[str]:
    """Run benchmarks and return the names of those that failed; the others run nevertheless."""
    print(environment_line())
    if quota_percent:
        print(f"All processes of each server together may use {quota_percent:g} % of a core.")
    failed = []
    for name in names:
        benchmark = BENCHMARKS[name]
        print(f"\n{name}. {benchmark.TITLE}\n", flush=True)
        measure: Callable[[Session], None] = benchmark.run
        try:
            measure(session)
        except SkippedBenchmark as why:
            session.progress(str(why))
        except BenchError as error:
            session.progress(f"{name} FAILED: {error}")
            failed.append(name)
    return failed


def environment_line() -> str:
    """Describe the machine and the versions."""
    machine, versions = results.machine(), results.versions()
    listed = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    return f"{machine['processor']}, {machine['cores']} cores, Linux {machine['kernel']}, {time.ctime()}\n{listed}"


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """Handle SIGTERM like Ctrl-C."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
