"""All cameras of the gateway by name, and all viewers, up to the limit."""

import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence

import zmq

from framebus.protocol.unknown_camera import unknown_camera
from framebus.protocol.viewers import MAX_WATCHING, ViewersHeader, Watching
from framebus.protocol.wire import VERSION
from framebus.runtime.rate_limited_log import RateLimitedLog
from gateway.access.identity import LOCAL, Identity
from gateway.cameras.camera_endpoints import CameraEndpoints
from gateway.cameras.controls_client import ControlsClient
from gateway.cameras.feed import Feed
from gateway.cameras.workers import Workers
from gateway.delivery.offline_image import OfflineImages
from gateway.delivery.viewer import ACCESS_ENDED, STALLED_SECONDS, Viewer
from gateway.net.errors import HttpError

logger = logging.getLogger("gateway")


class CameraRegistry:
    """Made inside the running loop; closed by its owner."""

    def __init__(
        self,
        cameras: Mapping[str, CameraEndpoints],
        context: "zmq.Context[zmq.Socket[bytes]]",
        max_viewers: int,
        worker_endpoints: Sequence[str],
        worker: int = 0,
    ) -> None:
        """Subscribe to all cameras, whose processes need not run yet.

        Args:
            cameras: their endpoints by name, at least one; the first is the default camera.
            context: for the sockets.
            max_viewers: how many connections may show a camera, through all workers.
            worker_endpoints: where each worker of the gateway reports its viewers, by its number.
            worker: the number of this process.
        """
        self.max_viewers = max_viewers
        self._context = context
        self._viewers: set[Viewer] = set()
        self.workers = Workers(worker, worker_endpoints, context, self)
        self._losses = RateLimitedLog(logger)
        self._offline_images = OfflineImages()
        self.feeds: dict[str, Feed] = {}
        self.controls: dict[str, ControlsClient] = {}
        self._endpoints: dict[str, CameraEndpoints] = {}
        self.follow(cameras)

    @property
    def first(self) -> Feed:
        """The camera that the paths without a name mean."""
        return next(iter(self.feeds.values()))

    def follow(self, cameras: Mapping[str, CameraEndpoints]) -> None:
        """Add and remove cameras, so that there are these, in this order; viewers of the others notice nothing.

        A camera whose endpoints have changed is another one: its viewers are disconnected, except those of the page.
        """
        before, gone, gone_controls = list(self.feeds), self.feeds, self.controls
        self.feeds, self.controls = {}, {}
        for name, camera in cameras.items():
            if self._endpoints.get(name) == camera:
                self.feeds[name], self.controls[name] = gone.pop(name), gone_controls.pop(name)
            else:
                self.feeds[name] = self._feed(name, camera)
                self.controls[name] = ControlsClient(name, camera.controls, self._context, camera.no_controls)
        self._endpoints = dict(cameras)
        for name, feed in gone.items():
            for viewer in list(self._viewers):
                viewer.on_camera_closed(feed, self.feeds.get(name))
            feed.close()
            gone_controls[name].close()
        if before and (gone or before != list(self.feeds)):
            for viewer in list(self._viewers):
                viewer.on_cameras(list(self.feeds))

    def _feed(self, name: str, camera: CameraEndpoints) -> Feed:
        return Feed(
            name,
            camera.frames,
            self._context,
            camera.max_megapixels,
            self._offline_images,
            self._status_changed,
            self.workers.changed,
        )

    @property
    def viewers(self) -> int:
        """How many connections show a camera, through any worker."""
        return self.workers.viewers()

    def first_visible(self, identity: Identity) -> Feed:
        """Return the first camera that this client may see. Raises HttpError when there is none."""
        for name, feed in self.feeds.items():
            if identity.sees(name):
                return feed
        raise HttpError(403, "forbidden", "there is no camera here that you may see")

    def get(self, name: str, identity: Identity = LOCAL) -> Feed:
        """Return the camera of that name. Raises HttpError when there is none."""
        if name not in self.feeds:
            raise HttpError(404, "unknown-camera", unknown_camera(name, filter(identity.sees, self.feeds)))
        return self.feeds[name]

    def check_capacity(self) -> None:
        """Raise HttpError when there are as many viewers as are allowed."""
        if self.viewers >= self.max_viewers:
            raise HttpError(
                503, "full", f"{self.max_viewers} viewers watch already, the most that max_viewers in [gateway] allows"
            )

    def add_viewer(self, viewer: Viewer) -> None:
        """Add a viewer to the count."""
        self._viewers.add(viewer)
        self.workers.changed()

    def remove_viewer(self, viewer: Viewer) -> None:
        """Remove a viewer from the count; may be called twice."""
        self._viewers.discard(viewer)
        self.workers.changed()

    def disconnect_unauthorized(self, is_still_valid: Callable[[Identity], bool]) -> None:
        """Disconnect viewers whose access was revoked; `is_still_valid` is called once for each identity."""
        valid = {identity: is_still_valid(identity) for identity in {viewer.identity for viewer in self._viewers}}
        for viewer in list(self._viewers):
            if not valid[viewer.identity]:
                viewer.close(ACCESS_ENDED)

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

    def own_watching(self) -> list[Watching]:
        """Return who watches through this worker: of more than MAX_WATCHING, those who came first."""
        viewers = sorted(self._viewers, key=lambda viewer: viewer.since)
        return [viewer.watching for viewer in viewers[:MAX_WATCHING]]

    def own_stats(self) -> ViewersHeader:
        """Return the message about this worker for the others."""
        return ViewersHeader(
            v=VERSION,
            pid=os.getpid(),
            viewers=len(self._viewers),
            cameras={
                name: feed.stats.camera_stats(feed.viewers, feed.rendition_viewers) for name, feed in self.feeds.items()
            },
            watching=self.own_watching() if self.workers.count > 1 else [],
        )

    def _status_changed(self, feed: Feed) -> None:
        for viewer in list(self._viewers):
            if viewer.identity.sees(feed.camera):
                viewer.on_status(feed)
