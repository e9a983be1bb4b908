"""How each version of PyAV is told that a title in another encoding is no error."""

from typing import Any

import av
from av.error import FFmpegError


def lenient_metadata() -> dict[str, Any]:
    """The arguments of `av.open` with which a title in another encoding is no error.

    PyAV up to 18 decodes metadata strictly unless told otherwise; PyAV 19 no longer takes `metadata_errors` and is
    lenient by itself. `av.open` is compiled and has no signature to inspect, so one call that opens nothing decides:
    an unknown argument is a TypeError, an empty name is FFmpeg's error.
    """
    asked: dict[str, Any] = {"metadata_errors": "replace"}
    try:
        av.open("", "r", **asked)
    except TypeError:
        return {}
    except FFmpegError:
        return asked
    return asked


LENIENT_METADATA = lenient_metadata()
