import logging
from collections.abc import Callable

import pytest

from capture.unforeseen import MAX_REASON_CHARACTERS, MAX_TRACEBACKS, TracebackLog, reason


def test_the_reason_names_the_call_the_type_and_the_text() -> None:
    error = ValueError("not\n  this")
    assert reason("testcard", "opening it", error) == "testcard: opening it failed unexpectedly: ValueError: not this"
    assert reason("testcard", "opening it", MemoryError()) == "testcard: opening it failed unexpectedly: MemoryError"


@pytest.mark.parametrize(
    "text",
    [
        "cannot open rtsp://me:SECRET@192.168.1.20/stream1",
        "cannot open http://cam/?user=me&password=SECRET&x=1",
        "header Authorization: Basic SECRET",
    ],
)
def test_the_reason_shows_no_secret(text: str) -> None:
    assert "SECRET" not in reason("media", "opening it", ValueError(text))


def test_a_long_text_is_cut() -> None:
    assert len(reason("testcard", "opening it", ValueError("x" * 10_000))) < MAX_REASON_CHARACTERS + 100


def test_an_exception_without_a_text_of_its_own_is_named() -> None:
    class Broken(Exception):
        def __str__(self) -> str:
            raise ZeroDivisionError

    assert reason("testcard", "reading it", Broken()) == "testcard: reading it failed unexpectedly: Broken"


def raised(call: Callable[[], object]) -> BaseException:
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError


def test_a_traceback_is_logged_once_for_each_distinct_failure(caplog: pytest.LogCaptureFixture) -> None:
    log = TracebackLog(logging.getLogger("tracebacks"))

    def recurse(depth: int) -> int:
        return recurse(depth + 1) if depth % 2 else 1 + recurse(depth + 1)

    for _ in range(5):
        log.log("opening it", raised(lambda: 1 / 0))
        log.log("opening it", raised(lambda: {"height": 1}["width"]))
        log.log("opening it", raised(lambda: recurse(0)))
    assert [message.splitlines()[-1].split(":")[0] for message in caplog.messages] == [
        "ZeroDivisionError",
        "KeyError",
        "RecursionError",
    ]
    assert all(len(message) < 4000 for message in caplog.messages)


def test_the_number_of_tracebacks_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    log = TracebackLog(logging.getLogger("tracebacks"))
    for number in range(2 * MAX_TRACEBACKS):
        log.log("opening it", type(f"Error{number}", (Exception,), {})())
    assert len(caplog.messages) == MAX_TRACEBACKS


def test_a_traceback_shows_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    TracebackLog(logging.getLogger("tracebacks")).log("opening it", raised(lambda: int("rtsp://me:SECRET@cam/")))
    assert "invalid literal" in caplog.text
    assert not any("SECRET@" in line for line in caplog.text.splitlines() if line.startswith("ValueError"))
