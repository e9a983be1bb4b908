"""/api/openapi.json: the HTTP API, described for programs."""

from framebus import __version__
from gateway.http import routes
from gateway.http.camera_handler import CameraHandler
from gateway.http.openapi import document


class ApiDescription(CameraHandler):
    """/api/openapi.json"""

    def get(self) -> None:
        """Describe every path of the route table, for the cameras that this client may see."""
        self.set_header("Cache-Control", "no-store")
        permissions = {path: permission for path, _, permission in routes.TABLE}
        self.finish(document(permissions, __version__, [name for name, _ in self.seen()]))

    head = get
