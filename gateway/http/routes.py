"""The table of paths: which handler serves each, and what that requires. Any other path is answered with 404."""

import tornado
from tornado.httputil import HTTPServerRequest
from tornado.web import Application, RequestHandler

from framebus.credentials import links
from framebus.runtime.rate_limited_log import RateLimitedLog
from gateway.access.permissions import (
    ADMIN,
    ANYONE,
    CONTROLS,
    PUBLIC,
    RECORDINGS,
    RECORDINGS_CONTROL,
    RECORDINGS_EXPORT,
    SNAPSHOT,
    VIEW,
    Permission,
)
from gateway.http import (
    api_description,
    cameras_api,
    export_api,
    health,
    keep_api,
    link_page,
    login,
    page,
    page_file_handler,
    recorder_api,
    recording_events_api,
    recordings_api,
    stills,
    streams,
    viewers_api,
    websocket_handlers,
)
from gateway.http.base_handler import BaseHandler, NotFound
from gateway.http.services import Services
from gateway.http.settings import cameras as settings_cameras
from gateway.http.settings import overview, people
from gateway.http.settings import page as settings_page
from gateway.http.strict_application import StrictApplication

CAMERA = "/camera/([^/]+)"
SETTINGS = "/api/settings"
ACCOUNT = "([A-Za-z0-9_.@%-]+)"
CONFIGURED = "([a-z0-9_-]+)"
EXPORT = "([0-9a-f]{16})"
DAY, SEGMENT = "([0-9]{4}-[0-9]{2}-[0-9]{2})", "([^/]+[.]mkv)"
PING_INTERVAL_SECONDS = 20.0
"""A websocket client that has not answered a ping by the next one has left."""
TABLE: tuple[tuple[str, type[BaseHandler], Permission], ...] = (
    ("/", page.Page, VIEW),
    (f"{CAMERA}/", page.Page, VIEW),
    (CAMERA, page.PageRedirect, VIEW),
    (f"{CAMERA}/stream.mjpg", streams.Stream, VIEW),
    (f"{CAMERA}/snapshot.jpg", stills.Still, SNAPSHOT),
    (f"{CAMERA}/clip.(mjpg|avi)", stills.Clip, SNAPSHOT),
    (f"{CAMERA}/recordings/clip.mkv", recordings_api.RecordedClip, RECORDINGS),
    (f"{CAMERA}/recordings/{DAY}/{SEGMENT}", recordings_api.RecordedFile, RECORDINGS),
    (f"{CAMERA}/ws", websocket_handlers.CameraSocket, VIEW),
    ("/ws", websocket_handlers.PageSocket, VIEW),
    ("/api/cameras", cameras_api.Cameras, VIEW),
    ("/api/cameras/([^/]+)/controls", cameras_api.Controls, CONTROLS),
    ("/api/cameras/([^/]+)/recorder", recorder_api.RecorderState, VIEW),
    ("/api/cameras/([^/]+)/record", recorder_api.Record, CONTROLS),
    ("/api/cameras/([^/]+)/recordings", recordings_api.Recordings, RECORDINGS),
    ("/api/cameras/([^/]+)/recordings/keep", keep_api.Keep, RECORDINGS_CONTROL),
    ("/api/cameras/([^/]+)/recordings/export", export_api.NewExport, RECORDINGS_EXPORT),
    (f"/api/cameras/([^/]+)/recordings/export/{EXPORT}", export_api.ExportState, RECORDINGS_EXPORT),
    (f"{CAMERA}/recordings/export/{EXPORT}[.]mp4", export_api.ExportedFilm, RECORDINGS),
    ("/api/cameras/([^/]+)/events", recording_events_api.StoredEvents, RECORDINGS),
    (SETTINGS, overview.Overview, ADMIN),
    (f"{SETTINGS}/network", overview.Network, ADMIN),
    (f"{SETTINGS}/reload", overview.Reload, ADMIN),
    (f"{SETTINGS}/attached", settings_cameras.AttachedCameras, ADMIN),
    (f"{SETTINGS}/preview", settings_cameras.Preview, ADMIN),
    (f"{SETTINGS}/cameras", settings_cameras.NewCamera, ADMIN),
    (f"{SETTINGS}/cameras/{CONFIGURED}", settings_cameras.ChangedCamera, ADMIN),
    (f"{SETTINGS}/users/{ACCOUNT}", people.UserAccount, ADMIN),
    (f"{SETTINGS}/tokens", people.NewToken, ADMIN),
    (f"{SETTINGS}/tokens/{ACCOUNT}", people.OldToken, ADMIN),
    (f"{SETTINGS}/links", people.NewLink, ADMIN),
    ("/api/viewers", viewers_api.Viewers, ADMIN),
    ("/api/me", login.Me, ANYONE),
    ("/api/openapi.json", api_description.ApiDescription, VIEW),
    ("/login", login.Login, PUBLIC),
    ("/logout", login.Logout, PUBLIC),
    ("/settings", settings_page.SettingsPage, ADMIN),
    (f"/link/({links.PATTERN})", link_page.Link, PUBLIC),
    ("/healthz", health.Health, PUBLIC),
    ("/readyz", health.Ready, VIEW),
    ("/metrics", health.Metrics, ADMIN),
    ("/state", cameras_api.UstreamerState, VIEW),
    ("/(?:stream|stream.mjpg|live.jpg)", streams.Stream, VIEW),
    ("/(?:snapshot|snapshot.jpg|static.jpg|pi.jpg)", stills.Still, SNAPSHOT),
    ("/page/(.*)", page_file_handler.PageFileHandler, PUBLIC),
    ("/(favicon[.]ico)", page_file_handler.PageFileHandler, PUBLIC),
)


def ping_timeout_seconds(interval_seconds: float) -> float:
    """How long a client may be silent, so that it is closed at the first ping that finds the one before unanswered.

    Tornado before 6.5 counts from the last pong, not from the ping, and looks just before it sends the next ping: with
    the interval itself it would close every connection before its first ping. Since 6.5 more than the interval is
    refused.
    """
    return interval_seconds * (1.5 if tornado.version_info < (6, 5) else 1)


def application(
    services: Services, refused: RateLimitedLog, ping_interval_seconds: float = PING_INTERVAL_SECONDS
) -> Application:
    """Make the Tornado application. `refused` counts the requests that failed."""

    def count(handler: RequestHandler) -> None:
        failed = handler.get_status() >= 500
        if failed and not isinstance(handler, health.Ready):  # a monitor asks in order to get a 503
            refused.count("requests refused", _described(handler.request, handler.get_status()))

    return StrictApplication(
        [(path, handler, {"permission": permission, "services": services}) for path, handler, permission in TABLE],
        default_handler_class=NotFound,
        default_handler_args={"permission": PUBLIC, "services": services},
        log_function=count,
        websocket_ping_interval=ping_interval_seconds,
        websocket_ping_timeout=ping_timeout_seconds(ping_interval_seconds),
        websocket_max_message_size=websocket_handlers.MAX_MESSAGE_BYTES,
    )


def _described(request: HTTPServerRequest, status: int) -> str:
    return f"{status} for {request.method} {request.path[:100]}"
