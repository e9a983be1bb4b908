"""All cameras of the gateway by name, and all viewers, up to the limit."""

import logging
import os
import time
from collections.abc import Callable

import zmq

from framebus.config.load import Config
from framebus.protocol.unknown_camera import unknown_camera
from framebus.protocol.wire import VERSION, ViewersHeader
from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.runtime.run_dir import viewers_endpoint
from framebus.transport import endpoints
from gateway.access.identity import LOCAL, Identity
from gateway.cameras.controls_client import ControlsClient
from gateway.cameras.feed import Feed
from gateway.cameras.workers import Workers
from gateway.delivery.offline_image import OfflineImages
from gateway.delivery.viewer import STALLED_SECONDS, Viewer
from gateway.net.errors import HttpError

logger = logging.getLogger("gateway")


class CameraRegistry:
    """Made inside the running loop; closed by its owner."""

    def __init__(self, config: Config, context: "zmq.Context[zmq.Socket[bytes]]", worker: int = 0) -> None:
        """Subscribe to all cameras, whose processes need not run yet; `worker` is the number of this process."""
        self.most = config.gateway.max_viewers
        self._viewers: set[Viewer] = set()
        everyone = [viewers_endpoint(config, number) for number in range(config.gateway.workers)]
        self.workers = Workers(worker, everyone, context, self)
        self._losses = RateLimitedLog(logger)
        self._offline_images = OfflineImages()
        self.feeds = {
            name: Feed(
                name,
                endpoints.frames(config, name),
                context,
                settings.max_megapixels,
                self._offline_images,
                self._status_changed,
                self.workers.changed,
            )
            for name, settings in config.cameras.items()
        }
        self.controls = {
            name: ControlsClient(name, endpoints.controls(config, name), context) for name in config.cameras
        }
        self.first = self.feeds[config.first_camera]

    @property
    def viewers(self) -> int:
        """How many connections show a camera, through any worker."""
        return self.workers.viewers()

    def first_for(self, identity: Identity) -> Feed:
        """Return the first camera that this client may see. Raises HttpError when there is none."""
        for name, feed in self.feeds.items():
            if identity.sees(name):
                return feed
        raise HttpError(403, "forbidden", "there is no camera here that you may see")

    def named(self, name: str, identity: Identity = LOCAL) -> Feed:
        """Return the camera of that name. Raises HttpError when there is none."""
        if name not in self.feeds:
            raise HttpError(404, "unknown-camera", unknown_camera(name, filter(identity.sees, self.feeds)))
        return self.feeds[name]

    def check_room(self) -> None:
        """Raise HttpError when there are as many viewers as are allowed."""
        if self.viewers >= self.most:
            raise HttpError(
                503, "full", f"{self.most} viewers watch already, the most that max_viewers in [gateway] allows"
            )

    def admit(self, viewer: Viewer) -> None:
        """Add a viewer to the count."""
        self._viewers.add(viewer)
        self.workers.changed()

    def release(self, viewer: Viewer) -> None:
        """Remove a viewer from the count; may be called twice."""
        self._viewers.discard(viewer)
        self.workers.changed()

    def dismiss(self, holds: Callable[[Identity], bool]) -> None:
        """End the connections of viewers whose access has ended; `holds` is called once for each identity."""
        held = {identity: holds(identity) for identity in {viewer.identity for viewer in self._viewers}}
        for viewer in list(self._viewers):
            if not held[viewer.identity]:
                viewer.close()

    def tick(self, stalled_seconds: float = STALLED_SECONDS) -> None:
        """Disconnect viewers that take nothing, and let each camera tick; to be called once a second.

        Args:
            stalled_seconds: how long a viewer may take nothing.
        """
        self._losses.flush()
        now = time.monotonic()
        for viewer in list(self._viewers):
            if viewer.end_if_stalled(now, stalled_seconds):
                self._losses.count("stalled viewers disconnected", f"no byte taken for {stalled_seconds:g} s")
        for feed in self.feeds.values():
            try:
                feed.tick()
            except Exception as error:  # whatever one camera sends, the others are served
                self._losses.count("ticks that failed", f"camera {feed.camera}: {type(error).__name__}: {error}")

    def close(self) -> None:
        """Close all connections, to viewers and to cameras."""
        for viewer in list(self._viewers):
            viewer.close()
        for feed in self.feeds.values():
            feed.close()
        for controls in self.controls.values():
            controls.close()
        self._offline_images.close()
        self.workers.close()

    def own_viewers(self) -> int:
        """Return how many connections show a camera, through this worker."""
        return len(self._viewers)

    def own_viewers_of(self, camera: str) -> int:
        """Return how many connections show this camera, through this worker."""
        return self.feeds[camera].viewers if camera in self.feeds else 0

    def own_stats(self) -> ViewersHeader:
        """Return what the other workers are told about this one."""
        return ViewersHeader(
            v=VERSION,
            pid=os.getpid(),
            viewers=len(self._viewers),
            cameras={name: feed.stats.camera_stats(feed.viewers) for name, feed in self.feeds.items()},
        )

    def _status_changed(self, feed: Feed) -> None:
        for viewer in list(self._viewers):
            if viewer.identity.sees(feed.camera):
                viewer.tell_status(feed)
