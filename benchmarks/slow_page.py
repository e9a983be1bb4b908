"""The page in Chromium behind slow links: how old what it shows is, how often it moves, and how it changes the size."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from benchmarks import peers
from benchmarks.age import shown
from benchmarks.camera import SIZE
from benchmarks.load import Load
from benchmarks.network import SlowLink, slow_link
from benchmarks.pipeline import pipeline
from benchmarks.processes import Helper, SkippedBenchmark
from benchmarks.session import Session
from benchmarks.table import number, table

TITLE = "Slow page: pictures per second in Chromium, and age of what is on the screen, in ms"
ONE = (1.0, 4.0, 16.0)
"""Mbit/s, with one camera of 162 KB a frame."""
EIGHT = (0.32, 1.0)
"""Mbit/s, with eight cameras of 15 KB a frame."""
CAMERAS = 8
SETTLE_SECONDS = 15.0
"""Until the size follows the link."""
SECONDS = 15.0
FAST, SLOW = 20.0, 1.0
ALTERNATE_SECONDS = 3.0
ALTERNATIONS = 20
BUFFERED = "behind a buffer of 1 MB"
DOWN = ("offline", "stalled")
SHOWN = ("p50", "p95", "worst")


def run(session: Session) -> None:
    """Measure one camera, eight cameras, and a link that changes."""
    with ExitStack() as started:
        link = started.enter_context(slow_link())
        ours = started.enter_context(pipeline(session.camera(162), session.new_folder(), link.host))
        url = f"http://{ours.host}:{ours.port}/camera/front/"
        with session.skipping(SkippedBenchmark):
            peer(session, link)
        for megabits in ONE[:1] if session.quick else ONE:
            link.limit(megabits)
            with page(link, url) as browser:
                measure(session, f"{megabits:g} Mbit/s, 1 camera", browser)
        switching(session, link, url)
    with ExitStack() as started:
        link = started.enter_context(slow_link())
        url = started.enter_context(many(session, link.host))
        for megabits in EIGHT[:1] if session.quick else EIGHT:
            link.limit(megabits)
            with page(link, url) as browser:
                measure(session, f"{megabits:g} Mbit/s, {CAMERAS} cameras", browser)
            with behind_a_buffer(link.host, url) as relayed, page(link, relayed) as browser:
                measure(session, f"{megabits:g} Mbit/s, {CAMERAS} cameras, {BUFFERED}", browser)
    print(report(session))


@contextmanager
def page(link: SlowLink, url: str) -> Iterator[Helper]:
    """The page behind the link. Raises SkippedBenchmark without playwright and Chromium."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        raise SkippedBenchmark("playwright: not installed: left out") from None
    settings = {"url": url, "width": SIZE[0], "height": SIZE[1]}
    helper = Helper("browser_page", settings, link.prefix)
    try:
        helper.answer(90)
        yield helper
    finally:
        helper.close()


@contextmanager
def behind_a_buffer(host: str, url: str) -> Iterator[str]:
    """The same address, behind a relay that buffers."""
    port = int(url.rsplit(":", 1)[1].strip("/"))
    helper = Helper("buffering_hop", {"host": host, "port": port})
    try:
        yield f"http://{host}:{helper.answer()['port']}/"
    finally:
        helper.close()


def measure(session: Session, name: str, browser: Helper) -> None:
    """Measure one case, once its size follows the link."""
    watch(browser, session.seconds(SETTLE_SECONDS))
    seen = watch(browser, session.seconds(SECONDS))
    key = f"slow-page/{name}"
    session.results.add_ages(key, {share: seen["ages"][share] for share in SHOWN})
    session.results.add(f"{key}/fps", seen["fps"], "fps", more_is_better=True)
    down = sum(count for state, count in seen["states"].items() if state in DOWN)
    session.results.add(f"{key}/down", 100 * down / max(1, sum(seen["states"].values())), "%")
    ages = ", ".join(f"{share} {seen['ages'][share] * 1000:.0f} ms" for share in SHOWN)
    session.progress(f"{name}: {seen['fps']:.1f} fps, {ages}, {seen['states']}")


def peer(session: Session, link: SlowLink) -> None:
    """Measure ustreamer, which has one size, as a viewer of its stream receives it."""
    with peers.ustreamer(session.camera(162), session.new_folder(), link.host) as server:
        for megabits in ONE[:1] if session.quick else ONE:
            link.limit(megabits)
            with Load("mjpeg", server.host, server.port, server.path, 1, prefix=link.prefix) as load:
                time.sleep(session.seconds(SETTLE_SECONDS) / 2)
                seen = load.measure(session.seconds(SECONDS))
            key = f"slow-page/{megabits:g} Mbit/s, ustreamer"
            session.results.add_ages(key, seen.ages)
            session.results.add(f"{key}/fps", seen.fps, "fps", more_is_better=True)
            session.progress(f"{megabits:g} Mbit/s, ustreamer: {seen.fps:.1f} fps, {shown(seen.ages)} on arrival")


def switching(session: Session, link: SlowLink, url: str) -> None:
    """How soon the size follows a link that becomes slow, and fast; and how often where it alternates."""
    link.limit(FAST)
    with page(link, url) as browser:
        watch(browser, SETTLE_SECONDS)
        link.limit(SLOW)
        down = watch(browser, SETTLE_SECONDS)["changes"]
        link.limit(5 * FAST)
        up = watch(browser, SETTLE_SECONDS)["changes"]
        for what, changes in (("down", down), ("up", up)):
            session.progress(f"{what}: {changes}")
            if changes:
                session.results.add(f"slow-page/switch {what}", changes[0][0], "s")
        if session.quick:
            return
        changes = []
        for alternation in range(ALTERNATIONS):
            link.limit(FAST if alternation % 2 else SLOW)
            changes += watch(browser, ALTERNATE_SECONDS)["changes"]
        minutes = ALTERNATIONS * ALTERNATE_SECONDS / 60
        session.results.add("slow-page/switches a minute", len(changes) / minutes, "")
        session.progress(f"alternating between {FAST:g} and {SLOW:g} Mbit/s: {changes}")


def watch(browser: Helper, seconds: float) -> dict[str, Any]:
    """Watch the page."""
    return browser.ask(str(seconds), seconds + 30)


@contextmanager
def many(session: Session, host: str) -> Iterator[str]:
    """The address of a gateway with CAMERAS cameras."""
    others = session.other_cameras(15, CAMERAS - 1)
    with pipeline(session.camera(15), session.new_folder(), host, others=others) as ours:
        yield f"http://{host}:{ours.port}/"


def report(session: Session) -> str:
    """Return the table."""
    rows = []
    cases = [f"{megabits:g} Mbit/s, 1 camera" for megabits in ONE]
    for megabits in EIGHT:
        cases += [f"{megabits:g} Mbit/s, {CAMERAS} cameras", f"{megabits:g} Mbit/s, {CAMERAS} cameras, {BUFFERED}"]
    for name in cases:
        key = f"slow-page/{name}"
        if f"{key}/fps" in session.results:
            values = [number(session.results.value(f"{key}/{share}"), 0) for share in SHOWN]
            fps, down = (session.results.value(f"{key}/{what}") for what in ("fps", "down"))
            rows.append([name, number(fps, 1), *values, number(down, 0)])
    return table(["", "fps of each", *SHOWN, "% said down"], rows)
