"""The arguments of `av.open` that differ between the versions of PyAV."""

from typing import Any

import av
from av.error import FFmpegError


def is_known(argument: str, value: object) -> bool:
    """Whether `av.open` takes an argument.

    It is compiled and has no signature to inspect, so one call that opens nothing decides: an unknown argument is a
    TypeError, an empty name is FFmpeg's error.
    """
    arguments: dict[str, Any] = {argument: value}
    try:
        av.open("", "r", **arguments)
    except TypeError:
        return False
    except FFmpegError:
        return True
    return True


def lenient_metadata() -> dict[str, Any]:
    """Arguments with which a title in another encoding is no error.

    PyAV up to 18 decodes metadata strictly unless told otherwise; PyAV 19 no longer takes `metadata_errors` and is
    lenient by itself.
    """
    return {"metadata_errors": "replace"} if is_known("metadata_errors", "replace") else {}


def probing(options: dict[str, str]) -> dict[str, Any]:
    """Arguments that give options to the decoder of the first stream, while FFmpeg detects what the stream contains.

    PyAV 19 no longer takes `stream_options`; it gives `options` to every stream. Before 15, `options` ended the
    process with some containers.
    """
    return {"stream_options": [options]} if is_known("stream_options", []) else {"options": options}


LENIENT_METADATA = lenient_metadata()
