"""Results as plain data: named values, their medians, and the file that a later run compares with."""

import json
import math
import os
import platform
import shutil
import subprocess
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import zmq

ROOT = Path(__file__).parent.parent
SHARES = (0.50, 0.95, 0.99)


@dataclass
class Result:
    """One measured value, in one or more runs; the median counts. Lower is better unless `more_is_better`."""

    unit: str
    runs: list[float] = field(default_factory=list)
    more_is_better: bool = False

    @property
    def value(self) -> float:
        """The median of the runs."""
        return median(self.runs)


class Results(dict[str, Result]):
    """Results by name: benchmark/case/…/value."""

    def add(self, name: str, value: float, unit: str, *, more_is_better: bool = False) -> None:
        """Add a run to a value."""
        self.setdefault(name, Result(unit, more_is_better=more_is_better)).runs.append(value)

    def add_ages(self, name: str, ages: dict[str, float]) -> None:
        """Add the percentiles of one run, given in seconds, in milliseconds."""
        for share, seconds in ages.items():
            self.add(f"{name}/{share}", seconds * 1000, "ms")

    def value(self, name: str) -> float | None:
        """Return the median of a value; None if it was not measured."""
        return self[name].value if name in self else None


def percentile(values: Sequence[float], share: float) -> float:
    """Return a percentile by the nearest-rank method. Raises ValueError without values."""
    if not values:
        raise ValueError("a percentile of nothing")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Return p50, p95 and p99; an empty dict without values."""
    return {f"p{share * 100:.0f}": percentile(values, share) for share in SHARES} if values else {}


def machine() -> dict[str, Any]:
    """Describe this machine."""
    model = [
        line.split(":", 1)[1].strip() for line in lines("/proc/cpuinfo") if line.startswith(("model name", "Model"))
    ]
    memory = [int(line.split()[1]) for line in lines("/proc/meminfo") if line.startswith("MemTotal")]
    return {
        "processor": model[-1] if model else platform.machine(),
        "cores": os.cpu_count(),
        "memory_mb": memory[0] // 1024 if memory else None,
        "kernel": platform.release(),
    }


def versions() -> dict[str, str | None]:
    """Return the versions of framebus and of what it depends on."""
    return {
        "framebus": tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"],
        "commit": first_line_of("git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"),
        "python": platform.python_version(),
        "pyzmq": zmq.pyzmq_version(),
        "libzmq": zmq.zmq_version(),
        "tornado": version("tornado"),
        "ustreamer": first_line_of("ustreamer", "--version"),
    }


def document(results: Results, quick: bool, quota: float | None = None) -> dict[str, Any]:
    """Return the content of the results file; `quota` is what each server was given of a core, in percent."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": quick,
        "quota": quota,
        "machine": machine(),
        "versions": versions(),
        "figures": {name: {"value": round(result.value, 6), **asdict(result)} for name, result in results.items()},
    }


def read(file: Path) -> tuple[dict[str, Any], Results]:
    """Read the file of an earlier run; return its document and its results. Raises OSError or ValueError."""
    document = json.loads(file.read_text())
    if not isinstance(document, dict) or not isinstance(document.get("figures"), dict):
        raise ValueError(f"{file} is not a results file of make bench: it has no figures")
    results = Results()
    for name, stored in document["figures"].items():
        results[name] = Result(stored["unit"], list(stored["runs"]), stored["more_is_better"])
    return document, results


def first_line_of(*command: str) -> str | None:
    """Return the first line that a command prints; None if it does not exist or fails."""
    if shutil.which(command[0]) is None:
        return None
    answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    return answer.stdout.strip().splitlines()[0] if answer.returncode == 0 and answer.stdout.strip() else None


def lines(file: str) -> list[str]:
    """Return the lines of a file in /proc."""
    return Path(file).read_text().splitlines()
