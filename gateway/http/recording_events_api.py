"""/api/cameras/NAME/events: what happened in front of a camera, as far back as there are recordings."""

from framebus.recordings.event_file import StoredEvent
from gateway.http.camera_handler import CameraHandler
from gateway.http.recordings_query import listed_period


class StoredEvents(CameraHandler):
    """The events of a time."""

    async def get(self, name: str) -> None:
        """List the events that touch the time in the query."""
        camera = self.feed(name).camera
        self.check_rate()
        period = listed_period(self.query())
        events, rest = await self.while_connected(self.services.recordings.events(camera, period.begin, period.end))
        self.set_header("Cache-Control", "no-store")
        found = {"camera": camera, "events": [_shown(event) for event in events], "next": rest}
        await self.while_connected(self.finish_listing(found))

    head = get


def _shown(event: StoredEvent) -> dict[str, object]:
    return {
        "id": event.id,
        "type": event.type,
        "start": event.start,
        "end": event.end,
        "score": event.score,
        "box": list(event.box),
    }
