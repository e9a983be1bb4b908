"""framebus: the newest frame of a camera that another process owns.

These names are what a program imports; pyzmq and msgspec are all that they need. Each is loaded when it is first used.
"""

import framebus.runtime.safe_path  # noqa: F401  (first: it changes where all others are imported from)

# isort: split
from importlib import import_module

TYPE_CHECKING = False  # supervisord does without typing, which takes 0.4 MB
if TYPE_CHECKING:
    from framebus.client.async_event_subscriber import AsyncEventSubscriber
    from framebus.client.async_publisher import AsyncPublisher
    from framebus.client.async_several import newest_async, together_async
    from framebus.client.async_snapshots import request_snapshot_async
    from framebus.client.async_status_subscriber import AsyncStatusSubscriber
    from framebus.client.async_subscriber import AsyncSubscriber
    from framebus.client.controls import request_controls, set_controls
    from framebus.client.event_subscriber import EventSubscriber
    from framebus.client.options import SubscriberKind
    from framebus.client.publisher import Publisher
    from framebus.client.recorder import request_recorder
    from framebus.client.several import newest, together
    from framebus.client.snapshots import SnapshotError, request_snapshot
    from framebus.client.status_subscriber import StatusSubscriber
    from framebus.client.subscriber import Subscriber
    from framebus.config.load import ConfigError
    from framebus.errors import (
        ArgumentError,
        DecodeError,
        FramebusError,
        MissingPackageError,
        PictureError,
        PublisherClosed,
        PublisherError,
        ReplyTimeoutError,
        ResourceError,
        SubscriberClosed,
        SubscriberError,
    )
    from framebus.protocol.controls import Control, ControlError, ControlsRequest, Value
    from framebus.protocol.events import EventHeader
    from framebus.protocol.frame import Frame
    from framebus.protocol.recorder import RecorderError, RecorderHeader
    from framebus.protocol.wire import FrameHeader, StatusHeader, WireError
    from framebus.transport.sockets import EndpointError

__version__ = "0.2.0"

__all__ = [
    "ArgumentError",
    "AsyncEventSubscriber",
    "AsyncPublisher",
    "AsyncStatusSubscriber",
    "AsyncSubscriber",
    "ConfigError",
    "Control",
    "ControlError",
    "ControlsRequest",
    "DecodeError",
    "EndpointError",
    "EventHeader",
    "EventSubscriber",
    "Frame",
    "FrameHeader",
    "FramebusError",
    "MissingPackageError",
    "PictureError",
    "Publisher",
    "PublisherClosed",
    "PublisherError",
    "RecorderError",
    "RecorderHeader",
    "ReplyTimeoutError",
    "ResourceError",
    "SnapshotError",
    "StatusHeader",
    "StatusSubscriber",
    "Subscriber",
    "SubscriberClosed",
    "SubscriberError",
    "SubscriberKind",
    "Value",
    "WireError",
    "newest",
    "newest_async",
    "request_controls",
    "request_recorder",
    "request_snapshot",
    "request_snapshot_async",
    "set_controls",
    "together",
    "together_async",
]

_MODULES = {
    "AsyncEventSubscriber": "client.async_event_subscriber",
    "AsyncPublisher": "client.async_publisher",
    "AsyncStatusSubscriber": "client.async_status_subscriber",
    "AsyncSubscriber": "client.async_subscriber",
    "ConfigError": "config.load",
    "Control": "protocol.controls",
    "ControlError": "protocol.controls",
    "ControlsRequest": "protocol.controls",
    "EndpointError": "transport.sockets",
    "EventHeader": "protocol.events",
    "EventSubscriber": "client.event_subscriber",
    "Frame": "protocol.frame",
    "FrameHeader": "protocol.wire",
    "Publisher": "client.publisher",
    "RecorderError": "protocol.recorder",
    "RecorderHeader": "protocol.recorder",
    "SnapshotError": "client.snapshots",
    "StatusHeader": "protocol.wire",
    "StatusSubscriber": "client.status_subscriber",
    "Subscriber": "client.subscriber",
    "SubscriberKind": "client.options",
    "Value": "protocol.controls",
    "WireError": "protocol.wire",
    "newest": "client.several",
    "newest_async": "client.async_several",
    "request_controls": "client.controls",
    "request_recorder": "client.recorder",
    "request_snapshot": "client.snapshots",
    "request_snapshot_async": "client.async_snapshots",
    "set_controls": "client.controls",
    "together": "client.several",
    "together_async": "client.async_several",
}
"""Where each name is defined; the others are in framebus.errors."""


if not TYPE_CHECKING:  # which reads the imports above, and complains of other names

    def __getattr__(name: str) -> object:
        """Load a name when it is first used (PEP 562): the processes of framebus need few of them."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value: object = getattr(import_module(f"framebus.{_MODULES.get(name, 'errors')}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
