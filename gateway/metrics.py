"""/metrics: the figures of the gateway's cameras in Prometheus' text format, read at the moment somebody asks.

Whichever worker answers says it for all of them: viewers as their sum, and what each has counted since it started with
the worker as a label. A sum of counters would fall when a worker dies, which Prometheus takes for a restart of all.
"""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from framebus.wire import CameraFigures
from gateway.cameras import Cameras
from gateway.feed import Feed

GAUGES: dict[str, tuple[str, Callable[[Feed], float]]] = {
    "up": ("Whether the camera gives pictures.", lambda feed: feed.status.state in ("live", "idle")),
    "fps": ("Frames published a second.", lambda feed: feed.status.fps),
}
COUNTERS: dict[str, tuple[str, Callable[[Feed], float]]] = {
    "frames_published": ("Frames published in this run of its capture process.", lambda feed: feed.status.seq),
    "frames_dropped": ("Frames of the camera lost before capture had them.", lambda feed: feed.status.dropped),
    "frames_bad": ("Frames thrown away because they were no whole JPEG.", lambda feed: feed.status.bad),
}
WORKER_COUNTERS: dict[str, tuple[str, Callable[[CameraFigures], float]]] = {
    "frames_received": ("Frames that reached the gateway.", lambda figures: figures.received),
    "frames_missed": ("Frames published that did not reach the gateway.", lambda figures: figures.missed),
    "frames_sent": ("Frames sent to viewers, counted for each.", lambda figures: figures.sent),
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
        yield from self._of_the_workers()
        age = GaugeMetricFamily("framebus_camera_age_seconds", "Age of the newest frame.", labels=["camera"])
        for feed in self._cameras.feeds.values():
            if feed.age is not None:
                age.add_metric([feed.camera], feed.age)
        yield age

    def _of_the_workers(self) -> Iterator[Metric]:
        """The figures that each worker has of its own; with one worker, nobody needs to know its number."""
        workers = self._cameras.workers
        viewers = GaugeMetricFamily("framebus_camera_viewers", "Connections that show it.", labels=["camera"])
        for camera in self._cameras.feeds:
            viewers.add_metric([camera], workers.viewers_of(camera))
        yield viewers
        labels = ["camera", "worker"] if workers.count > 1 else ["camera"]
        everyone = workers.everyone()
        for name, (text, value) in WORKER_COUNTERS.items():
            counter = CounterMetricFamily(f"framebus_camera_{name}", text, labels=labels)
            for number, header in everyone.items():
                for camera in self._cameras.feeds.keys() & header.cameras.keys():
                    counter.add_metric([camera, str(number)][: len(labels)], value(header.cameras[camera]))
            yield counter


def registry(cameras: Cameras) -> CollectorRegistry:
    """A registry with nothing in it but the cameras."""
    made = CollectorRegistry()
    made.register(CameraCollector(cameras))
    return made
