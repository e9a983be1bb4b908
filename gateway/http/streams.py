"""/camera/NAME/stream.mjpg and its aliases."""

from gateway.http.camera_handler import CameraHandler


class Stream(CameraHandler):
    """MJPEG."""

    async def get(self, name: str | None = None) -> None:
        """Stream until either end closes the connection."""
        await self.serve_stream(self.feed(name))

    head = get
