"""/api/openapi.json: the HTTP API, described for programs."""

from tornado.routing import PathMatches
from tornado.web import Application

from framebus import __version__
from gateway.access.permissions import Permission
from gateway.http.camera_handler import CameraHandler
from gateway.http.openapi import document


class ApiDescription(CameraHandler):
    """/api/openapi.json"""

    def get(self) -> None:
        """Describe every path of the route table, for the cameras that this client may see."""
        self.set_header("Cache-Control", "no-store")
        cameras = [name for name, _ in self.visible_cameras()]
        self.finish(document(permissions(self.application), __version__, cameras))

    head = get


def permissions(application: Application) -> dict[str, Permission]:
    """The permission for each pattern of the route table, read from the application: the table imports this module."""
    return {
        rule.matcher.regex.pattern.removesuffix("$"): rule.target_kwargs["permission"]
        for rule in application.wildcard_router.rules
        if isinstance(rule.matcher, PathMatches)
    }
