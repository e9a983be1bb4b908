"""When an event starts, is reported and ends. The clock is an argument."""

from framebus.protocol.events import EventHeader
from recorder.motion.events import Events, Moment, Sighting


def moment(seq: int) -> Moment:
    """A frame of a camera that gives five a second."""
    return Moment(seq=seq, epoch="e1", captured=1000 + seq / 5, monotonic=seq / 5)


def sighting(seq: int, score: float = 0.6, left: float = 0.1, first: int = 8) -> Sighting:
    return Sighting(moment(seq), moment(first), score, (left, 0.2, left + 0.1, 0.4))


def test_it_starts_with_the_frame_in_which_something_was_seen_first() -> None:
    events = Events("front", "run")

    header = events.saw(sighting(10), 2.05)

    assert header == events.current
    assert header == EventHeader(
        v=1,
        camera="front",
        type="motion",
        phase="start",
        id="run-1",
        score=0.6,
        box=(0.1, 0.2, 0.2, 0.4),
        seconds=0.0,
        seq=8,
        epoch="e1",
        captured=1001.6,
        monotonic=1.6,
        published=2.05,
    )


def test_it_is_reported_once_a_second_and_ends_after_a_pause() -> None:
    events = Events("front", "run")
    told: list[tuple[float, str, int, float]] = []

    def note(header: EventHeader | None, now: float) -> None:
        if header is not None:
            told.append((now, header.phase, header.seq, header.seconds))

    for frame in range(10, 50):
        now = frame / 5
        note(events.saw(sighting(frame), now) if frame < 17 else events.tick(now), now)

    assert told == [
        (2.0, "start", 8, 0.0),
        (3.0, "update", 15, 1.4),
        (4.0, "update", 16, 1.6),
        (5.0, "update", 16, 1.6),
        (6.0, "update", 16, 1.6),
        (6.2, "end", 16, 1.6),
    ]
    assert events.current is None


def test_the_end_has_the_highest_score_and_all_places() -> None:
    events = Events("front", "run")
    events.saw(sighting(10, 0.6, 0.1), 2.0)
    events.saw(sighting(11, 0.9, 0.5), 2.2)
    events.saw(sighting(12, 0.7, 0.3), 2.4)

    header = events.end(2.6)

    assert header is not None
    assert (header.phase, header.score, header.box, header.seq) == ("end", 0.9, (0.1, 0.2, 0.6, 0.4), 12)
    assert events.end(2.7) is None


def test_the_next_one_has_another_id() -> None:
    events = Events("front", "run")
    events.saw(sighting(10), 2.0)
    events.end(3.0)

    header = events.saw(sighting(40, first=38), 8.0)

    assert header is not None
    assert (header.id, header.phase, header.seq) == ("run-2", "start", 38)


def test_without_an_event_nothing_is_due() -> None:
    events = Events("front", "run")

    assert (events.tick(5.0), events.end(5.0), events.current) == (None, None, None)


def test_a_box_stays_within_the_picture() -> None:
    events = Events("front", "run")

    header = events.saw(Sighting(moment(3), moment(1), 1.0, (-0.01, 0.0, 1.02, 1.0)), 1.0)

    assert header is not None
    assert header.box == (0.0, 0.0, 1.0, 1.0)
