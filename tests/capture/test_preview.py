"""A picture of a source that is not configured."""

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest

from capture import preview


@pytest.fixture(autouse=True)
def enabled_log() -> Iterator[None]:
    """What the program turns off for its own process would be off for the tests after it."""
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"source":3}', '{"source":"foo"}'])
def test_what_is_no_source_is_refused(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    assert preview.main() == 2
    assert json.loads(capsys.readouterr().out)["error"].startswith("source: ")
