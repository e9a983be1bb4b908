"""What `av.open` is given in each version of PyAV."""

import av
import pytest

from capture.media.av_arguments import lenient_metadata, probing


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


def test_options_reach_the_decoder_that_detects_the_contents() -> None:
    arguments = probing({"max_pixels": "1000"})
    assert arguments in ({"stream_options": [{"max_pixels": "1000"}]}, {"options": {"max_pixels": "1000"}})
    with pytest.raises(av.FFmpegError):  # of the name, and no TypeError
        av.open("", "r", **arguments)
