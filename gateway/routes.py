"""The table of paths. A path that is not here is answered with 404 by gateway.errors."""

from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.web import Application, RequestHandler

from framebus.config import Config
from framebus.losses import Losses
from gateway import handlers, websockets
from gateway.cameras import Cameras
from gateway.connections import Connections
from gateway.errors import Unknown
from gateway.limits import Limits
from gateway.rates import Rates
from gateway.stills import Stills

CAMERA = "/camera/([^/]+)"
PING_INTERVAL_SECONDS = 20.0
"""A websocket client that does not answer a ping by the next one has left without a word."""


def application(
    config: Config, cameras: Cameras, stills: Stills, refused: Losses, connections: Connections
) -> Application:
    """The gateway's paths, and what serves each. `refused` counts the requests that ended in an error."""
    parts: dict[str, Any] = {"config": config, "cameras": cameras, "stills": stills}
    sockets = {"cameras": cameras}

    def count(handler: RequestHandler) -> None:
        if handler.get_status() >= 500 and not isinstance(
            handler, handlers.Ready
        ):  # what a monitor asks for is no loss
            refused.count("requests refused", _line(handler.request, handler.get_status()))

    return Application(
        [
            ("/", handlers.Page, parts),
            (f"{CAMERA}/", handlers.Page, parts),
            (CAMERA, handlers.ToPage, parts),
            (f"{CAMERA}/stream.mjpg", handlers.Stream, parts),
            (f"{CAMERA}/snapshot.jpg", handlers.Still, parts),
            (f"{CAMERA}/clip.(mjpg|avi)", handlers.Clip, parts),
            (f"{CAMERA}/ws", websockets.CameraSocket, sockets),
            ("/ws", websockets.PageSocket, sockets),
            ("/api/cameras", handlers.Api, parts),
            ("/api/cameras/([^/]+)/controls", handlers.Controls, parts),
            ("/healthz", handlers.Health, parts),
            ("/readyz", handlers.Ready, parts),
            ("/metrics", handlers.Metrics, parts),
            ("/state", handlers.State, parts),
            ("/(?:stream|stream.mjpg|live.jpg)", handlers.Stream, parts),
            ("/(?:snapshot|snapshot.jpg|static.jpg|pi.jpg)", handlers.Still, parts),
            ("/page/(.*)", handlers.PageFile, {"path": str(handlers.PAGE)}),
        ],
        default_handler_class=Unknown,
        log_function=count,
        allow_origins=config.gateway.allow_origins,
        limits=Limits(config, connections, refused),
        still_rates=Rates(config.gateway.stills_per_second),
        websocket_ping_interval=PING_INTERVAL_SECONDS,
        websocket_ping_timeout=PING_INTERVAL_SECONDS,
        websocket_max_message_size=websockets.MAX_MESSAGE_BYTES,
    )


def _line(request: HTTPServerRequest, status: int) -> str:
    return f"{status} for {request.method} {request.path[:100]}"
