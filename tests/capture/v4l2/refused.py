"""Why a V4L2 camera cannot be opened, as the source says it."""

from capture.source import SourceError
from capture.sources.v4l2 import V4l2Source
from framebus.config.size import Size
from tests.capture.v4l2.shim import DEVICE


def refusal(device: str = DEVICE) -> str:
    """The reason; "none" where it opens."""
    source = V4l2Source(device, Size(64, 48), 30, 80)
    try:
        source.open()
    except SourceError as error:
        return str(error)
    finally:
        source.close()
    return "none"
