"""All cameras of the gateway, by name, and everybody who watches any of them, up to the limit."""

import logging
import os
from collections.abc import Callable

import zmq

from framebus.config.load import Config
from framebus.protocol.unknown_camera import unknown_camera
from framebus.protocol.wire import VERSION, ViewersHeader
from framebus.transport import endpoints
from gateway.access.identity import LOCAL, Identity
from gateway.cameras.controls_client import ControlsClient
from gateway.cameras.feed import Feed
from gateway.cameras.workers import Workers
from gateway.delivery.viewer import Viewer
from gateway.net.errors import HttpError
from gateway.viewers.websocket import PageViewer

logger = logging.getLogger("gateway")


class CameraRegistry:
    """Made inside the running loop; closed by its maker."""

    def __init__(self, config: Config, context: "zmq.Context[zmq.Socket[bytes]]", worker: int = 0) -> None:
        """The feeds subscribe at once; a camera whose process does not run yet is found when it does."""
        self.most = config.gateway.max_viewers
        self._viewers: set[Viewer] = set()
        self.workers = Workers(config, worker, context, self._stats)
        self.feeds = {
            name: Feed(name, endpoints.frames(config, name), context, self._status_changed, self.workers.changed)
            for name in config.cameras
        }
        self.controls = {
            name: ControlsClient(name, endpoints.controls(config, name), context) for name in config.cameras
        }
        self.first = self.feeds[config.first_camera]

    @property
    def viewers(self) -> int:
        """Connections that show a camera, of every sort, through whichever worker."""
        return self.workers.viewers()

    def first_for(self, identity: Identity) -> Feed:
        """The camera that the paths without a name mean, for this client. Raises HttpError without one."""
        for name, feed in self.feeds.items():
            if identity.sees(name):
                return feed
        raise HttpError(403, "forbidden", "there is no camera here that you may see")

    def named(self, name: str, identity: Identity = LOCAL) -> Feed:
        """The camera of that name. Raises HttpError when there is none for this client."""
        if name not in self.feeds:
            raise HttpError(404, "unknown-camera", unknown_camera(name, filter(identity.sees, self.feeds)))
        return self.feeds[name]

    def check_room(self) -> None:
        """Raises HttpError when there are as many viewers as are allowed."""
        if self.viewers >= self.most:
            raise HttpError(
                503, "full", f"{self.most} viewers watch already, the most that max_viewers in [gateway] allows"
            )

    def admit(self, viewer: Viewer) -> None:
        """Count a viewer."""
        self._viewers.add(viewer)
        self.workers.changed()

    def release(self, viewer: Viewer) -> None:
        """A viewer has left; may be said twice."""
        self._viewers.discard(viewer)
        self.workers.changed()

    def dismiss(self, holds: Callable[[Identity], bool]) -> None:
        """End the connections of those who would not be let in any more."""
        for viewer in list(self._viewers):
            if not holds(viewer.identity):
                viewer.close()

    def tick(self) -> None:
        """To be called once a second."""
        for feed in self.feeds.values():
            feed.tick()

    def close(self) -> None:
        """End all connections, to viewers and to cameras."""
        for viewer in list(self._viewers):
            viewer.close()
        for feed in self.feeds.values():
            feed.close()
        for controls in self.controls.values():
            controls.close()
        self.workers.close()

    def _stats(self) -> ViewersHeader:
        """What the other workers are told of this one."""
        return ViewersHeader(
            v=VERSION,
            pid=os.getpid(),
            viewers=len(self._viewers),
            cameras={name: feed.stats.told(feed.viewers) for name, feed in self.feeds.items()},
        )

    def _status_changed(self, feed: Feed) -> None:
        for viewer in list(self._viewers):
            if isinstance(viewer, PageViewer) and viewer.identity.sees(feed.camera):
                viewer.tell_status(feed)
