"""/api/viewers: who watches, for administrators."""

from framebus.protocol.viewers import Watching
from gateway.http.camera_handler import CameraHandler


class Viewers(CameraHandler):
    """/api/viewers"""

    def get(self) -> None:
        """List each connection once for every camera that it shows, the oldest connection first."""
        self.set_header("Cache-Control", "no-store")
        watching = self.cameras.workers.watching()
        self.finish({"viewers": [entry for each in watching for entry in self._entries(each)]})

    head = get

    def _entries(self, watching: Watching) -> list[dict[str, str | float]]:
        """Of the cameras that the client may see."""
        return [
            {
                "camera": camera,
                "address": watching.address,
                "user": watching.user,
                "kind": watching.kind,
                "since": watching.since,
            }
            for camera in watching.cameras
            if self.identity.sees(camera)
        ]
