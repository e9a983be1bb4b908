"""The table of paths. A path that is not here is answered with 404 by gateway.net.errors."""

from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.web import Application, RequestHandler

from framebus.config.load import Config
from framebus.runtime.rate_limited_log import RateLimitedLog
from gateway.access.access import Access
from gateway.access.permissions import ADMIN, CONTROLS, PUBLIC, SNAPSHOT, VIEW, WHOEVER, Permission
from gateway.cameras.registry import CameraRegistry
from gateway.cameras.stills_client import StillsClient
from gateway.http import handlers, login, websocket_handlers
from gateway.http.base_handler import BaseHandler, Unknown
from gateway.http.limit_metrics import Limits
from gateway.http.static_files import PAGE
from gateway.http.strict_application import StrictApplication
from gateway.net.connection_limits import Connections
from gateway.net.rate_limit import RateLimiter

CAMERA = "/camera/([^/]+)"
PING_INTERVAL_SECONDS = 20.0
"""A websocket client that does not answer a ping by the next one has left without a word."""


def application(
    config: Config,
    cameras: CameraRegistry,
    stills: StillsClient,
    refused: RateLimitedLog,
    connections: Connections,
    access: Access,
) -> Application:
    """The gateway's paths, what serves each, and what that takes. `refused` counts the requests that failed."""
    parts: dict[str, Any] = {"config": config, "cameras": cameras, "stills": stills}
    sockets = {"cameras": cameras}

    def count(handler: RequestHandler) -> None:
        if handler.get_status() >= 500 and not isinstance(
            handler, handlers.Ready
        ):  # what a monitor asks for is no loss
            refused.count("requests refused", _transport(handler.request, handler.get_status()))

    table: list[tuple[str, type[BaseHandler], Permission, dict[str, Any]]] = [
        ("/", handlers.Page, VIEW, parts),
        (f"{CAMERA}/", handlers.Page, VIEW, parts),
        (CAMERA, handlers.ToPage, VIEW, parts),
        (f"{CAMERA}/stream.mjpg", handlers.Stream, VIEW, parts),
        (f"{CAMERA}/snapshot.jpg", handlers.Still, SNAPSHOT, parts),
        (f"{CAMERA}/clip.(mjpg|avi)", handlers.Clip, SNAPSHOT, parts),
        (f"{CAMERA}/ws", websocket_handlers.CameraSocket, VIEW, sockets),
        ("/ws", websocket_handlers.PageSocket, VIEW, sockets),
        ("/api/cameras", handlers.Api, VIEW, parts),
        ("/api/cameras/([^/]+)/controls", handlers.Controls, CONTROLS, parts),
        ("/api/me", login.Me, WHOEVER, {}),
        ("/login", login.Login, PUBLIC, {}),
        ("/logout", login.Logout, PUBLIC, {}),
        ("/healthz", handlers.Health, PUBLIC, parts),
        ("/readyz", handlers.Ready, VIEW, parts),
        ("/metrics", handlers.Metrics, ADMIN, parts),
        ("/state", handlers.State, VIEW, parts),
        ("/(?:stream|stream.mjpg|live.jpg)", handlers.Stream, VIEW, parts),
        ("/(?:snapshot|snapshot.jpg|static.jpg|pi.jpg)", handlers.Still, SNAPSHOT, parts),
        ("/page/(.*)", handlers.PageFile, PUBLIC, {"path": str(PAGE)}),
    ]
    return StrictApplication(
        [(path, handler, {"permission": permission, **more}) for path, handler, permission, more in table],
        default_handler_class=Unknown,
        log_function=count,
        access=access,
        allow_origins=config.gateway.allow_origins,
        limits=Limits(config, connections, refused),
        still_rate_limiter=RateLimiter(config.gateway.stills_per_second),
        websocket_ping_interval=PING_INTERVAL_SECONDS,
        websocket_ping_timeout=PING_INTERVAL_SECONDS,
        websocket_max_message_size=websocket_handlers.MAX_MESSAGE_BYTES,
    )


def _transport(request: HTTPServerRequest, status: int) -> str:
    return f"{status} for {request.method} {request.path[:100]}"
