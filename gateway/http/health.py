"""/healthz, /readyz and /metrics."""

from gateway.cameras.feed import Feed
from gateway.http.camera_handler import CameraHandler
from gateway.net.errors import HttpError

STATUS_SECONDS = 1.0
"""How often a camera reports the age of its newest frame."""


class Health(CameraHandler):
    """/healthz: whether this process answers."""

    def get(self) -> None:
        """Say nothing about the cameras: a supervisor must not restart the gateway because of a camera."""
        self.finish({"ok": True})

    head = get


class Ready(CameraHandler):
    """/readyz: whether every camera gives frames, or could at once."""

    def get(self) -> None:
        """Answer 503 with the reasons if one does not. It is meant for a monitor or a load balancer."""
        not_ready = {name: reason for name, feed in self.visible_cameras() if (reason := self.not_ready_reason(feed))}
        self.set_header("Cache-Control", "no-store")
        if not_ready:
            self.set_status(503)
        self.finish({"ready": not not_ready, "not_ready": not_ready})

    def not_ready_reason(self, feed: Feed) -> str:
        """Why a camera is not ready; empty if it is."""
        status = feed.status
        if status.state in ("offline", "starting"):
            return f"{status.state}: {status.reason}"
        settings = self.services.camera_settings[feed.camera]
        fps = settings.fps if status.state == "live" else settings.idle_fps
        age = feed.seconds_without_frame
        if not fps or age is None:  # closed until it has a viewer
            return ""
        most = settings.stall_timeout + 1 / fps + STATUS_SECONDS
        return f"its newest picture is {age:.0f} s old, allowed: {most:.0f}" if age > most else ""

    head = get


class Metrics(CameraHandler):
    """/metrics for Prometheus."""

    async def get(self) -> None:
        """Answer with the figures. The library is imported at the first request: most gateways never get one."""
        if self.identity.cameras is not None:
            raise HttpError(403, "forbidden", "the metrics cover all cameras, and you may see only some")
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        from gateway.http.metrics import registry
        from gateway.http.recorder_metrics import RecorderCollector, states

        collectors = registry(self.cameras, self.services.limits)
        collectors.register(RecorderCollector(await states(self.services.recorder, self.services.camera_settings)))
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(generate_latest(collectors))

    head = get
