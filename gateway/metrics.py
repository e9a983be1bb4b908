"""/metrics: the figures of the gateway's cameras in Prometheus' text format, read at the moment somebody asks."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from gateway.cameras import Cameras
from gateway.feed import Feed

GAUGES: dict[str, tuple[str, Callable[[Feed], float]]] = {
    "up": ("Whether the camera gives pictures.", lambda feed: feed.status.state in ("live", "idle")),
    "fps": ("Frames published a second.", lambda feed: feed.status.fps),
    "viewers": ("Connections that show it.", lambda feed: feed.viewers),
}
COUNTERS: dict[str, tuple[str, Callable[[Feed], float]]] = {
    "frames_published": ("Frames published in this run of its capture process.", lambda feed: feed.status.seq),
    "frames_dropped": ("Frames of the camera lost before capture had them.", lambda feed: feed.status.dropped),
    "frames_bad": ("Frames thrown away because they were no whole JPEG.", lambda feed: feed.status.bad),
    "frames_received": ("Frames that reached the gateway.", lambda feed: feed.counts["received"]),
    "frames_missed": ("Frames published that did not reach the gateway.", lambda feed: feed.counts["missed"]),
    "frames_sent": ("Frames sent to viewers, counted for each.", lambda feed: feed.counts["sent"]),
}


class CameraCollector(Collector):
    """Registered once; asked by each scrape."""

    def __init__(self, cameras: Cameras) -> None:
        self._cameras = cameras

    def collect(self) -> Iterator[Metric]:
        """One family a figure, one sample a camera."""
        for name, (text, value) in GAUGES.items():
            gauge = GaugeMetricFamily(f"framebus_camera_{name}", text, labels=["camera"])
            for feed in self._cameras.feeds.values():
                gauge.add_metric([feed.camera], float(value(feed)))
            yield gauge
        for name, (text, value) in COUNTERS.items():
            counter = CounterMetricFamily(f"framebus_camera_{name}", text, labels=["camera"])
            for feed in self._cameras.feeds.values():
                counter.add_metric([feed.camera], float(value(feed)))
            yield counter
        age = GaugeMetricFamily("framebus_camera_age_seconds", "Age of the newest frame.", labels=["camera"])
        for feed in self._cameras.feeds.values():
            if feed.age is not None:
                age.add_metric([feed.camera], feed.age)
        yield age


def registry(cameras: Cameras) -> CollectorRegistry:
    """A registry with nothing in it but the cameras."""
    made = CollectorRegistry()
    made.register(CameraCollector(cameras))
    return made
