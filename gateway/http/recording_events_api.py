"""/api/cameras/NAME/events: what happened in front of a camera, as far back as there are recordings."""

from framebus.recordings.event_file import StoredEvent
from gateway.http.camera_handler import CameraHandler
from gateway.http.recordings_query import listed_period, wants


class StoredEvents(CameraHandler):
    """The events of a time."""

    async def get(self, name: str) -> None:
        """List the events that touch the time in the query."""
        camera = self.feed(name).camera
        self.check_rate()
        query = self.query()
        period = listed_period(query)
        found = self.services.recordings.events(camera, period.begin, period.end, begun=wants(query, "begun"))
        events, rest = await self.while_connected(found)
        self.set_header("Cache-Control", "no-store")
        answer = {"camera": camera, "events": [_shown(event) for event in events], "next": rest}
        await self.while_connected(self.finish_listing(answer))

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
