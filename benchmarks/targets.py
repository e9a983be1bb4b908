"""The performance targets of framebus, most of them ratios within one run, and whether they were met."""

from dataclasses import dataclass

from benchmarks.results import Results
from benchmarks.table import MISSING, table


@dataclass(frozen=True)
class Target:
    """A value or the ratio of two values, and its limit."""

    text: str
    result: str
    limit: float
    base: str | None = None
    """The value to divide by."""
    at_least: bool = False
    """Whether the limit is a lower bound."""

    def measured(self, results: Results) -> float | None:
        """Return the value or the ratio; None if a value is missing."""
        value = results.value(self.result)
        if self.base is None or value is None:
            return value
        base = results.value(self.base)
        return value / base if base else None

    def is_met(self, value: float) -> bool:
        """Return whether the target is met."""
        return value >= self.limit if self.at_least else value <= self.limit

    @property
    def limit_text(self) -> str:
        """The limit as text, such as "at most 1.3x"."""
        unit = "" if self.base is None else "x"
        return f"{'at least' if self.at_least else 'at most'} {self.limit:g}{unit}"


def few_viewers() -> list[Target]:
    """Targets for the CPU use of all processes with few viewers."""
    key = "few-viewers"
    return [
        Target(
            f"CPU of all processes, {viewers} viewer{'s' if viewers > 1 else ''}: to ustreamer",
            f"{key}/{viewers}/framebus/cpu",
            limit,
            f"{key}/{viewers}/ustreamer/cpu",
        )
        for viewers, limit in ((1, 1.5), (5, 0.8))
    ]


def fan_out() -> list[Target]:
    """Targets for the CPU time of a GB delivered."""
    fifty = "fan-out/162 KB/50"
    targets = [
        Target("CPU per GB, 50 viewers: to mjpg-streamer", f"{fifty}/MJPEG/cpu", 1.0, f"{fifty}/mjpg-streamer/cpu")
    ]
    for viewers, to_bare in ((50, 1.15), (500, 1.3)):
        key, where = f"fan-out/162 KB/{viewers}", f"{viewers} viewers"
        targets += [
            Target(f"CPU per GB, {where}: MJPEG to bare loop", f"{key}/MJPEG/cpu", to_bare, f"{key}/bare loop/cpu"),
            Target(f"CPU per GB, {where}: MJPEG to ustreamer", f"{key}/MJPEG/cpu", 0.35, f"{key}/ustreamer/cpu"),
            Target(f"CPU per GB, {where}: websocket to MJPEG", f"{key}/websocket/cpu", 1.3, f"{key}/MJPEG/cpu"),
        ]
    return targets


def age() -> list[Target]:
    """Targets for the age of frames: not older than with ustreamer."""
    return [
        Target(
            f"age {share}, {viewers} viewers: to ustreamer",
            f"age/{viewers}/framebus/{share}",
            1.0,
            f"age/{viewers}/ustreamer/{share}",
        )
        for viewers in (1, 20, 100)
        for share in ("p50", "p99")
    ]


def many_viewers() -> list[Target]:
    """Targets for two thousand viewers: all frames at a rate that one core can send, and the same for all of them."""
    all_frames = Target(
        "2000 viewers, 10 fps: of the one that gets least", "many-viewers/10 fps/least fps", 9.9, at_least=True
    )
    return [
        all_frames,
        *(
            Target(
                f"2000 viewers, {fps} fps: least to most",
                f"many-viewers/{fps} fps/least fps",
                0.95,
                f"many-viewers/{fps} fps/most fps",
                at_least=True,
            )
            for fps in (10, 30, 60)
        ),
    ]


WITHOUT, WITH = "stalled/without/p99", "stalled/with/p99"


def buffered(rate: str, key: str) -> list[Target]:
    """Return the targets of eight cameras behind a hop that buffers a megabyte."""
    name = f"8 cameras on {rate} behind 1 MB"
    return [
        Target(f"{name}, p50, ms", f"{key}/p50", 1000),
        Target(f"{name}, worst, ms", f"{key}/worst", 2000),
        Target(f"{name}, said to be down, %", f"{key}/down", 0),
    ]


TARGETS = (
    *few_viewers(),
    *fan_out(),
    *age(),
    Target("age p50, 100 viewers: to mjpg-streamer", "age/100/framebus/p50", 1.0, "age/100/mjpg-streamer/p50"),
    Target("age p50, 1 viewer, ms", "age/1/framebus/p50", 1.5),
    Target("slow link of 16 Mbit/s, MJPEG, p50, ms", "slow-link/16/MJPEG/p50", 170),
    Target("slow link of 16 Mbit/s, page websocket, p50, ms", "slow-link/16/page websocket/p50", 170),
    Target("page on 1 Mbit/s, fps", "slow-page/1 Mbit/s, 1 camera/fps", 10, at_least=True),
    Target("page on 1 Mbit/s, p50, ms", "slow-page/1 Mbit/s, 1 camera/p50", 300),
    # 15 are all that there are of a smaller size (rendition_fps); at either end one may be half counted.
    Target("page on 4 Mbit/s, fps", "slow-page/4 Mbit/s, 1 camera/fps", 14.8, at_least=True),
    Target("page on 4 Mbit/s, p50, ms", "slow-page/4 Mbit/s, 1 camera/p50", 200),
    Target("8 cameras on 40 KB/s, p50, ms", "slow-page/0.32 Mbit/s, 8 cameras/p50", 1000),
    Target("8 cameras on 40 KB/s, worst, ms", "slow-page/0.32 Mbit/s, 8 cameras/worst", 2000),
    Target("8 cameras on 40 KB/s, said to be down, %", "slow-page/0.32 Mbit/s, 8 cameras/down", 0),
    Target("8 cameras on 1 Mbit/s, p50, ms", "slow-page/1 Mbit/s, 8 cameras/p50", 1000),
    Target("8 cameras on 1 Mbit/s, worst, ms", "slow-page/1 Mbit/s, 8 cameras/worst", 2000),
    Target("8 cameras on 1 Mbit/s, said to be down, %", "slow-page/1 Mbit/s, 8 cameras/down", 0),
    *(
        target
        for rate, link in (("40 KB/s", "0.32"), ("1 Mbit/s", "1"))
        for target in buffered(rate, f"slow-page/{link} Mbit/s, 8 cameras, behind a buffer of 1 MB")
    ),
    Target("link becomes slow: smaller after, s", "slow-page/switch down", 2),
    Target("link becomes fast: larger after, s", "slow-page/switch up", 10),
    Target("switches a minute on a link that alternates", "slow-page/switches a minute", 1),
    Target("stalled viewers: p99 of the others", WITH, 1.2, WITHOUT),
    Target("stalled viewers: KB each beyond one frame", "stalled/memory of the gateway", 64),
    Target("slow subscriber, ipc, p50, ms", "subscribers/200 ms a frame, ipc/framebus/p50", 50),
    Target("slow subscriber, tcp, p50, ms", "subscribers/200 ms a frame, tcp/framebus/p50", 50),
    Target("cached stills over HTTP, p99, ms", "snapshots/framebus over HTTP/p99", 5),
    Target(
        "viewers' p50 age while stills are polled", "snapshots/viewers/with/p50", 1.2, "snapshots/viewers/without/p50"
    ),
    Target(
        "USB camera idle to one viewer",
        "demand/USB camera (Motion JPEG)/idle",
        0.1,
        "demand/USB camera (Motion JPEG)/watched",
    ),
    Target("test card idle to one viewer", "demand/test card/idle", 0.1, "demand/test card/watched"),
    Target(
        "network camera idle to one viewer",
        "demand/network camera (Motion JPEG)/idle",
        0.2,
        "demand/network camera (Motion JPEG)/watched",
    ),
    Target("100 viewers of half: encodes a frame", "renditions/half of 162 KB/encodes", 1.0),
    Target(
        "100 viewers of half: CPU a frame and viewer, to live",
        "renditions/half of 162 KB/cpu a frame",
        1.3,
        "renditions/live, 15 KB/cpu a frame",
    ),
    Target("p99 of live viewers beside one of half", "renditions/with/p99", 1.1, "renditions/without/p99"),
    Target("capture after the last viewer of half", "renditions/without/capture", 1.1, "renditions/before any/capture"),
    Target("a program's result at the browser, p50, to the camera, ms", "bus/marked/beyond the camera", 10.0),
    Target("publisher without viewers, % of a core", "bus/idle publisher", 0.5),
    Target("missed with queue=300", "bus/queue 300/missed", 0),
    Target("replay: pictures that differ", "bus/replay/different", 0),
    Target("replay: spacing off by, p95, ms", "bus/replay/p95", 2.0),
    Target("recorder, 10 frames of 162 KB a second, % of a core", "recorder/10 a second/cpu", 3.0),
    Target("recorder: bytes written for each of a JPEG", "recorder/10 a second/written", 1.05),
    Target("recorder: a frame at a random moment, p50, ms", "recorder/seek/p50", 150),
    Target("recorder: a frame at a random moment, p99, ms", "recorder/seek/p99", 300),
    Target("any recorded moment over the websocket, p50, ms", "recorded-seek/any/p50", 150),
    Target("any recorded moment over the websocket, p99, ms", "recorded-seek/any/p99", 300),
    Target("first picture of the page in a new Chromium, ms", "first-picture/first visit", 300),
    Target("slider of a control to the changed picture in Chromium, p95, ms", "controls/p95", 300),
    Target("any recorded moment on the screen of Chromium, p50, ms", "recorded-page/any/p50", 150),
    Target("any recorded moment on the screen of Chromium, p99, ms", "recorded-page/any/p99", 300),
    Target("motion detection of a camera, % of a core", "motion/cpu", 1.0),
    Target("first frame of an event to its start, p50, ms", "motion/first frame", 500.0),
    Target("first frame of an event to its start, worst, ms", "motion/first frame, worst", 500.0),
    Target("two workers to one", "workers/2/rate", 1.7, "workers/1/rate", at_least=True),
    *many_viewers(),
    Target(
        "8 cameras, each watched: CPU to 8 times one",
        "eight-cameras/8/watched/cpu each",
        1.0,
        "eight-cameras/1/watched/cpu each",
    ),
    Target(
        "8 cameras, each watched: fps of the slowest, of 30", "eight-cameras/8/watched/least fps", 29.5, at_least=True
    ),
    Target("each further camera, memory of its own, MB", "eight-cameras/each further/private", 10.0),
)


def summary(results: Results) -> str:
    """Return a table of the targets whose values were measured."""
    rows = []
    for target in TARGETS:
        measured = target.measured(results)
        verdict = MISSING if measured is None else "reached" if target.is_met(measured) else "MISSED"
        if target.result in results:
            rows.append([target.text, MISSING if measured is None else f"{measured:.2f}", target.limit_text, verdict])
    return table(["target", "measured", "limit", ""], rows)
