"""framebus: the newest frame of a camera that another process owns.

What is named here is what a program of yours imports; pyzmq and msgspec are all that it needs. The gateway, the
captures and the snapshot service import the modules of this package, and no process imports another.
"""

from framebus.async_subscriber import AsyncSubscriber
from framebus.config import ConfigError
from framebus.control_requests import request_controls
from framebus.controls import Control, ControlError
from framebus.frame import Frame
from framebus.stills import SnapshotError, request_snapshot
from framebus.subscriber import Subscriber
from framebus.wire import WireError

__version__ = "0.1.0"

__all__ = [
    "AsyncSubscriber",
    "ConfigError",
    "Control",
    "ControlError",
    "Frame",
    "SnapshotError",
    "Subscriber",
    "WireError",
    "request_controls",
    "request_snapshot",
]
