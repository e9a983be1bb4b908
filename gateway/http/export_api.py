"""/api/cameras/NAME/recordings/export: films of recordings in H.264, made in the background."""

from contextlib import aclosing

from gateway.cameras.exports import Export
from gateway.http.camera_handler import CameraHandler
from gateway.http.json_body import json_object
from gateway.http.recordings_api import Download
from gateway.http.recordings_query import body_period, body_utc_offset, check_length, download_name
from gateway.net.connection_limits import limit_key
from gateway.net.errors import HttpError

MP4 = "video/mp4"


class NewExport(CameraHandler):
    """/api/cameras/NAME/recordings/export: films are asked for here."""

    async def post(self, name: str) -> None:
        """Begin a film of the time in the body, such as `{"from": 1767225600, "to": 1767225660}`."""
        camera = self.feed(name).camera
        self.check_rate()
        values = json_object(self.request, "a time to export")
        period, utc_offset = check_length(body_period(values)), body_utc_offset(values)
        owner = self.identity.account or limit_key(self.client.address) or ""
        export = await self.services.exports.begin(camera, period.begin, period.end, owner, utc_offset)
        self.set_status(202)
        self.set_header("Cache-Control", "no-store")
        self.finish(shown(export, self.client.prefix))


class ExportState(CameraHandler):
    """/api/cameras/NAME/recordings/export/ID: one film."""

    async def get(self, name: str, id: str) -> None:
        """Tell how far it is."""
        camera = self.feed(name).camera
        export = await self.services.exports.get(camera, id)
        self.set_header("Cache-Control", "no-store")
        self.finish(shown(export, self.client.prefix))

    head = get

    async def delete(self, name: str, id: str) -> None:
        """Make it no longer, or delete it."""
        camera = self.feed(name).camera
        await self.services.exports.get(camera, id)
        await self.services.exports.delete(id)
        self.set_status(204)
        self.finish()


class ExportedFilm(Download):
    """/camera/NAME/recordings/export/ID.mp4: the file, or a range of its bytes.

    It is deleted when all of it was sent at once: a player that asks for parts may want others afterwards.
    """

    async def get(self, name: str, id: str) -> None:
        """Send it."""
        camera = self.feed(name).camera
        self.check_rate()
        exports = self.services.exports
        export = await exports.get(camera, id)
        if export.progress.state != "done":
            raise HttpError(409, "not-done", f"the film is not done: {export.progress.reason or export.progress.state}")
        with self.place():
            job, size = export.job, export.progress.bytes
            self.describe(download_name(camera, job.begin, job.end - job.begin, "mp4"), MP4)
            begin, end = self.part(size, f'"{id}"', export.progress.updated)
            if self.get_status() in (304, 416) or self.request.method == "HEAD":
                return
            async with aclosing(exports.read(export, begin, end)) as pieces:
                sent = await self.send(pieces)
        if sent and self.get_status() == 200:
            await exports.delete(id)

    head = get


def shown(export: Export, prefix: str) -> dict[str, object]:
    """A film as JSON."""
    job, progress = export.job, export.progress
    done = progress.state == "done"
    return {
        "camera": job.camera,
        "id": export.id,
        "from": job.begin,
        "to": job.end,
        "state": progress.state,
        "progress": progress.share,
        "frames": progress.frames,
        "bytes": progress.bytes,
        "reason": progress.reason,
        "url": f"{prefix}/camera/{job.camera}/recordings/export/{export.id}.mp4" if done else None,
    }
