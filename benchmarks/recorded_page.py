"""Recordings on the page, in Chromium: how soon any moment of 14 days of 4 cameras is on the screen."""

import json
import sys
from statistics import median

from benchmarks.many_days import CAMERAS, DAYS, QUICK_DAYS, make_recordings, minutes
from benchmarks.processes import Helper, Process, SkippedBenchmark
from benchmarks.recorded_seek import SECONDS, SEED, add_times, gateway, segment
from benchmarks.session import Session
from benchmarks.table import number, table

TITLE = "Recordings: seeking in Chromium, from the press on the time line to the picture on the screen"
MOMENTS = 300
SIZE = (1280, 900)
ANSWER_SECONDS = 600.0
KEY = "recorded-page"


def run(session: Session) -> None:
    """Press moments of each camera. Raises SkippedBenchmark without playwright and Chromium."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        raise SkippedBenchmark("playwright: not installed: left out") from None
    folder = session.new_folder()
    moments = minutes(QUICK_DAYS if session.quick else DAYS)
    (folder / "segment.mkv").write_bytes(segment())
    make_recordings(folder / "recordings", folder / "segment.mkv", SECONDS, moments)
    session.progress(f"{len(moments)} minutes of {len(CAMERAS)} cameras are made")
    early: list[float] = []
    times: list[float] = []
    settings = {"width": SIZE[0], "height": SIZE[1], "seed": SEED}
    command = [sys.executable, "-m", "recorder", "--config", str(folder / "framebus.toml")]
    with (
        gateway(folder, record="on-demand") as (_, port),
        Process(command, folder / "recorder.log"),
        Helper("browser_look_back", settings) as browser,
    ):
        browser.answer(90)
        for camera in CAMERAS:
            wanted = {
                "url": f"http://127.0.0.1:{port}/camera/{camera}/",
                "begin": moments.start,
                "end": moments.stop,
                "moments": MOMENTS // len(CAMERAS),
            }
            found = browser.ask(json.dumps(wanted), ANSWER_SECONDS)
            early += found["early"]
            times += found["times"]
            session.progress(
                f"{camera}: {median(found['times']):.0f} ms, while it asks {median(found['early']):.0f} ms"
            )
    add_times(session, f"{KEY}/early", early)
    add_times(session, f"{KEY}/any", times)
    print(report(session))


def report(session: Session) -> str:
    """Return the table."""
    rows = [
        [name, *(number(session.results.value(f"{KEY}/{key}/{share}"), 0) for share in ("p50", "p99"))]
        for name, key in (
            ("any moment (ms)", "any"),
            ("any moment while the page asks which days are recorded (ms)", "early"),
        )
    ]
    return table(["", "p50", "p99"], rows)
