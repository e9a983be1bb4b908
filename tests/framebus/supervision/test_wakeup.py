"""What wakes supervisord's loop."""

import os
import select
import signal
from collections.abc import Iterator

import pytest

from framebus.supervision.wakeup import Wakeup


@pytest.fixture
def wakeup() -> Iterator[Wakeup]:
    before = signal.set_wakeup_fd(-1)
    wakeup = Wakeup()
    yield wakeup
    signal.set_wakeup_fd(before)
    os.close(wakeup.descriptor)
    os.close(wakeup._writer)


def wakes(wakeup: Wakeup) -> bool:
    """Whether supervisord's poll would return at once; empties it as supervisord does."""
    readable, _, _ = select.select([wakeup.descriptor], [], [], 0)
    if readable:
        wakeup.handle_read_event()
    return bool(readable)


def test_the_first_turn_does_not_wait_and_the_next_one_does(wakeup: Wakeup) -> None:
    assert wakes(wakeup)
    assert not wakes(wakeup)


def test_it_wakes_when_it_is_asked_to(wakeup: Wakeup) -> None:
    wakes(wakeup)
    wakeup.wake()
    wakeup.wake()
    assert wakes(wakeup)
    assert not wakes(wakeup)


def test_waking_never_waits_for_a_loop_that_does_not_run(wakeup: Wakeup) -> None:
    for _ in range(1 << 17):  # more bytes than a pipe holds
        wakeup.wake()
    assert wakes(wakeup)


def test_a_signal_wakes_it(wakeup: Wakeup) -> None:
    wakes(wakeup)
    before = signal.signal(signal.SIGCHLD, lambda *_: None)
    os.kill(os.getpid(), signal.SIGCHLD)
    signal.signal(signal.SIGCHLD, before)
    assert wakes(wakeup)
