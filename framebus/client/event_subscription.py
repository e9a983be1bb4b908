"""Which messages are events for a reader: each once, and an end also for those whose end was lost."""

import time
from collections.abc import Callable
from logging import getLogger

from framebus.client.options import Options, check_camera, check_configured, check_seconds, load
from framebus.client.subscription import Subscription
from framebus.protocol.events import EventHeader, OpenEvents
from framebus.protocol.wire import WireError, parse, topic
from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.transport import endpoints
from framebus.transport.endpoints import Endpoint

logger = getLogger("framebus")

QUEUE_MESSAGES = 1000
"""Messages of 400 bytes that wait for a reader; beyond that, some are lost."""
ALL_CAMERAS = ""
ALL_TOPIC = b"event/"


class EventOptions(Options, frozen=True, kw_only=True):
    """The arguments of a subscriber of events; its camera is ALL_CAMERAS where the program named none."""

    def __post_init__(self) -> None:
        """Raises ArgumentError."""
        if self.camera != ALL_CAMERAS:
            check_camera(self.camera)
        check_seconds("timeout", self.timeout)

    def find(self) -> Endpoint:
        """The endpoint as given, else that of the configuration. Raises ArgumentError and ConfigError."""
        if self.endpoint is not None:
            return endpoints.from_arguments(self.endpoint, self.server_key, self.config)
        config = load(self.config, self.camera)
        if self.camera != ALL_CAMERAS:
            check_configured(self.camera, config)
        return endpoints.events(config)

    @property
    def topic(self) -> bytes:
        """What to subscribe to."""
        return ALL_TOPIC if self.camera == ALL_CAMERAS else topic("event", self.camera)


class EventSubscription(Subscription[EventHeader]):
    """The events of one camera, or of all."""

    def __init__(self, options: EventOptions, now: Callable[[], float] = time.monotonic) -> None:
        """Raises ArgumentError, ConfigError, EndpointError and ResourceError."""
        super().__init__(options.camera, options.find(), options.topic, QUEUE_MESSAGES)
        self._losses = RateLimitedLog(logger)
        self._now = now
        self._events = OpenEvents()

    @property
    def waited_for(self) -> str:
        """What the reader waits for."""
        return f"event of camera {self.camera}" if self.camera != ALL_CAMERAS else "event of any camera"

    @property
    def silent_in(self) -> float | None:
        """Seconds until an event in progress has ended, unless it is reported; None while there is none."""
        return self._events.due_in(self._now())

    def accept(self, message: bytes | memoryview) -> EventHeader | None:
        """The event of a message, where the reader does not have it."""
        try:
            _, header = parse(bytes(message), EventHeader)
        except WireError as error:
            self._losses.count("malformed messages dropped", str(error))
            return None
        return self._events.take(header, self._now())

    def on_silence(self) -> EventHeader | None:
        """The end of an event that is not reported any more."""
        return self._events.ended(self._now())
