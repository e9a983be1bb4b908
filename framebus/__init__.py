"""framebus: the newest frame of a camera that another process owns.

What is named here is what a program of yours imports; pyzmq and msgspec are all that it needs. The gateway, the
captures and the snapshot service import the modules of this package, and no process imports another.
"""

import framebus.runtime.safe_path  # noqa: F401 - first, as it changes where the others are imported from
from framebus.client.async_subscriber import AsyncSubscriber
from framebus.client.controls import request_controls
from framebus.client.snapshots import SnapshotError, request_snapshot
from framebus.client.subscriber import Subscriber
from framebus.config.load import ConfigError
from framebus.protocol.controls import Control, ControlError
from framebus.protocol.frame import Frame
from framebus.protocol.wire import WireError

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
