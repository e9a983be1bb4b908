"""Titles in another encoding are no error in any version of PyAV."""

import av
import pytest

from capture.media.lenient_metadata import lenient_metadata


@pytest.mark.parametrize(
    ("raised", "asked"),
    [(TypeError("unexpected keyword argument"), {}), (av.FFmpegError(2, "none"), {"metadata_errors": "replace"})],
    ids=["PyAV 19", "PyAV 18 and older"],
)
def test_metadata_is_lenient_as_each_version_has_it(
    raised: Exception, asked: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise raised

    monkeypatch.setattr(av, "open", refuse)
    assert lenient_metadata() == asked
