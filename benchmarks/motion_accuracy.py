"""How many people the motion detector finds in labelled scenes, and what else it takes for motion.

`python -m benchmarks.motion_accuracy --seed 901 --hours 1.84` prints the figures of a seed; docs/motion.md has the sums
of 901 to 912. The seeds 1, 2, 11 to 63, 70 to 77 and 900 were used while the detector was written.
"""

import argparse
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from statistics import median

from benchmarks.table import number, table

HELD_OUT_SEED = 901
SCENE_SECONDS = 300.0
TOLERANCE_SECONDS = 3.0
"""An event that begins so shortly before or after someone was seen belongs to that."""
SENSITIVITY = 50
MIN_AREA = 0.1


@dataclass
class Found:
    """What happened in the scenes of one weather."""

    weather: str
    seconds: float = 0.0
    people: int = 0
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    """The incidents around each false event."""
    delays: list[float] = field(default_factory=list)
    """Seconds from the first frame in which a person can be found to the start of the event."""
    detector_seconds: float = 0.0

    def add(self, other: "Found") -> None:
        """Count another one as well."""
        self.seconds += other.seconds
        self.people += other.people
        self.missed += other.missed
        self.false += other.false
        self.delays += other.delays
        self.detector_seconds += other.detector_seconds


def look(seed: int, number: int, seconds: float = SCENE_SECONDS) -> Found:
    """Show a scene to a new detector, and compare what it finds with the labels."""
    import numpy as np

    from benchmarks.motion_scenes.picture import FPS, HEIGHT, WIDTH
    from benchmarks.motion_scenes.scene import Scene
    from recorder.motion.detector import Detector
    from recorder.motion.events import QUIET_SECONDS

    scene = Scene(seed, number, seconds)
    found = Found(scene.weather, seconds)
    detector: Detector[int] = Detector((HEIGHT, WIDTH), np.ones((HEIGHT, WIDTH), np.bool_), MIN_AREA, SENSITIVITY)
    events: list[tuple[int, int]] = []
    for frame, picture in enumerate(scene.frames()):
        began = time.process_time()
        motion = detector.look(partial(np.asarray, picture), frame, frame / FPS)
        found.detector_seconds += time.process_time() - began
        if motion is None:
            continue
        if events and frame - events[-1][1] <= QUIET_SECONDS * FPS:
            events[-1] = events[-1][0], frame
        else:
            events.append((frame, frame))
    near = int(TOLERANCE_SECONDS * FPS)
    for label in scene.labels:
        if label.is_to_be_found:
            found.people += 1
            starts = [first for first, last in events if first <= label.last and last >= label.first]
            if starts:
                found.delays.append(max(0, starts[0] - label.first) / FPS)
            else:
                found.missed.append(f"scene {number}, frame {label.first}: {label.what}")
    for first, last in events:
        if not any(first <= label.last + near and last >= label.first - near for label in scene.labels):
            around = {name for begin, end, name in scene.happened if begin - near <= last and end + near >= first}
            found.false.append(f"scene {number}, frame {first}: {', '.join(sorted(around)) or scene.weather}")
    return found


def report(founds: Sequence[Found]) -> str:
    """A table by weather, and the sums."""
    by_weather: dict[str, Found] = {}
    for found in founds:
        by_weather.setdefault(found.weather, Found(found.weather)).add(found)
    total = Found("all")
    for found in founds:
        total.add(found)
    rows = []
    for found in (*by_weather.values(), total):
        share = 100 * (1 - len(found.missed) / found.people) if found.people else None
        rows.append(
            [found.weather, f"{found.seconds / 3600:.1f}", str(found.people), number(share, 1), str(len(found.false))]
        )
    hours = total.seconds / 3600
    pictures = sum(found.seconds for found in founds) * 5
    lines = (
        table(["weather", "hours", "people", "found, %", "false events"], rows),
        f"{len(total.false) / hours:.2f} false events an hour; events start {median(total.delays or [0]):.1f} s after "
        f"a person is visible, p50; the detector takes {1000 * total.detector_seconds / pictures:.2f} ms of CPU a "
        "picture",
    )
    return "\n".join(lines)


def main() -> None:
    """Print the figures of a seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=HELD_OUT_SEED, help=f"default: {HELD_OUT_SEED}, never tuned with")
    parser.add_argument("--hours", type=float, default=1.0, help="of simulated time (default: 1)")
    parser.add_argument("--processes", type=int, default=1, help="run at the same time (default: 1)")
    parser.add_argument("--verbose", action="store_true", help="name each mistake")
    options = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    scenes = max(1, round(options.hours * 3600 / SCENE_SECONDS))
    with ProcessPoolExecutor(options.processes) as pool:
        founds = list(pool.map(look, [options.seed] * scenes, range(scenes)))
    for found in founds if options.verbose else ():
        for what, lines in (("missed", found.missed), ("false", found.false)):
            for line in lines:
                print(f"{what:6} {found.weather}: {line}")
    print(report(founds))


if __name__ == "__main__":
    main()
