"""Where deleting makes no room, it waits, and longer each time."""

from recorder.freed_space import FIRST_PAUSE_SECONDS, LEAST_BYTES, LONGEST_PAUSE_SECONDS, FreedSpace

MUCH = 100 * LEAST_BYTES


def test_what_makes_room_goes_on() -> None:
    freed = FreedSpace()
    for now in range(10):
        assert not freed.note(MUCH, MUCH / 2, now)
        assert freed.may_delete(now)


def test_what_makes_none_waits_longer_each_time() -> None:
    freed, now, pause = FreedSpace(), 0.0, FIRST_PAUSE_SECONDS
    for _ in range(10):
        assert freed.note(MUCH, MUCH / 20, now)
        assert not freed.may_delete(now + pause - 1)
        assert freed.may_delete(now + pause)
        now, pause = now + pause, min(2 * pause, LONGEST_PAUSE_SECONDS)
    assert not freed.note(MUCH, MUCH, now)
    assert freed.note(MUCH, -MUCH, now)
    assert freed.may_delete(now + FIRST_PAUSE_SECONDS)


def test_little_says_nothing() -> None:
    freed = FreedSpace()
    assert not freed.note(LEAST_BYTES - 1, 0, 0.0)
    assert freed.may_delete(0.0)
