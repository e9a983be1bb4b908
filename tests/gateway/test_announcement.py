"""Where the log says that the page is."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from framebus.config.address import Address
from gateway.announcement import ADDRESS_CHECK_SECONDS, ANNOUNCE_SECONDS, Announcement
from tests.clock import Clock

SHOWN: list[Any] = [SimpleNamespace(camera="front", status=SimpleNamespace(captured=1.0))]
DARK: list[Any] = [SimpleNamespace(camera="front", status=SimpleNamespace(captured=None))]


def test_new_addresses_are_said_and_old_ones_are_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    """A machine that gets its network after the start."""
    caplog.set_level(logging.INFO)
    clock, own = Clock(0.0), list[str]()
    announcement = Announcement(Address("", 80), False, addresses=lambda: list(own), now=clock)
    announcement.tick(SHOWN)
    assert "camera front is there: open http://127.0.0.1:80/" in caplog.text
    own.append("192.0.2.5")
    announcement.tick(SHOWN)
    assert "192.0.2.5" not in caplog.text, "not at every tick"
    for _ in range(3):
        clock.seconds += ADDRESS_CHECK_SECONDS
        announcement.tick(SHOWN)
    assert caplog.text.count("the addresses of this machine have changed: open http://192.0.2.5:80/") == 1


def test_without_a_frame_the_page_is_announced_after_a_while(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock(0.0)
    announcement = Announcement(Address("127.0.0.1", 80), False, now=clock)
    announcement.tick(DARK)
    assert not caplog.text
    clock.seconds = ANNOUNCE_SECONDS + 0.1
    announcement.tick(DARK)
    assert announcement.is_done
    assert "no camera has given a picture yet" in caplog.text
