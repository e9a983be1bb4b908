import logging

import pytest

from capture.source import SourceError, SourceStuck
from capture.source_calls import SourceCalls, UnforeseenError


def test_a_call_hangs_once_it_takes_longer_than_the_limit() -> None:
    now = 100.0
    calls = SourceCalls("front", lambda: now)
    assert not calls.exceeds(0)
    with calls.watch("reading it"):
        now = 105.0
        assert calls.under_way
        assert not calls.exceeds(5)
        now = 105.1
        assert calls.exceeds(5)
    assert not calls.exceeds(0)


@pytest.mark.parametrize("failure", [SourceError("gone"), SourceStuck("it hangs")], ids=lambda it: type(it).__name__)
def test_what_a_source_may_raise_passes_unchanged(failure: Exception) -> None:
    calls = SourceCalls("front")
    with pytest.raises(type(failure)) as raised, calls.watch("reading it"):
        raise failure
    assert raised.value is failure
    assert not calls.under_way


def test_anything_else_becomes_a_reason_and_its_traceback_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    calls = SourceCalls("front")
    for name in ("camera front", "v4l2:/dev/video0"):
        calls.source_name = "" if name == "camera front" else name
        with pytest.raises(UnforeseenError) as raised, calls.watch("opening it"):
            raise KeyboardInterrupt
        assert str(raised.value) == f"{name}: opening it failed unexpectedly: KeyboardInterrupt"
    assert sum("Traceback" in message for message in caplog.messages) == 1
