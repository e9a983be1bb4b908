"""/metrics: the figures of the cameras for Prometheus, read at each request.

The worker that answers reports for all of them: viewers as their sum, and counters with the worker as a label. A sum of
counters would fall when a worker dies, which Prometheus would take for a restart of all.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from framebus import __version__
from framebus.protocol.viewers import AGE_BOUNDS_SECONDS, CameraStats, ViewersHeader
from gateway.cameras.feed import Feed
from gateway.cameras.registry import CameraRegistry
from gateway.http.limit_metrics import LimitMetrics

GAUGES: dict[str, tuple[str, Callable[[Feed], float]]] = {
    "up": ("Whether the camera gives pictures.", lambda feed: feed.status.state in ("live", "idle")),
    "fps": ("Frames published a second.", lambda feed: feed.status.fps),
}
COUNTERS: dict[str, tuple[str, Callable[[Feed], float]]] = {
    "frames_published": ("Frames published in this run of its capture process.", lambda feed: feed.status.seq),
    "frames_dropped": ("Frames of the camera lost before capture had them.", lambda feed: feed.status.dropped),
    "frames_bad": ("Frames dropped because they were no complete JPEG.", lambda feed: feed.status.bad),
}
WORKER_COUNTERS: dict[str, tuple[str, Callable[[CameraStats], float]]] = {
    "frames_received": ("Frames that reached the gateway.", lambda stats: stats.received),
    "frames_missed": ("Frames published that did not reach the gateway.", lambda stats: stats.missed),
    "frames_sent": ("Frames sent to viewers, counted for each.", lambda stats: stats.sent),
    "sent_bytes": ("Bytes of these.", lambda stats: stats.sent_bytes),
    "runs": (
        "Runs of its capture process that were seen; all but the first are restarts.",
        lambda stats: stats.runs,
    ),
}


class CameraCollector(Collector):
    """The figures of the cameras."""

    def __init__(self, cameras: CameraRegistry) -> None:
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
        refused = CounterMetricFamily(
            "framebus_refused_connections", "Connections over tcp that its capture refused.", labels=["camera"]
        )
        for feed in self._cameras.feeds.values():
            refused.add_metric([feed.camera], feed.status.refused or 0)
        yield refused
        yield from self._rendition_encodes()
        yield from self._worker_metrics()
        age = GaugeMetricFamily("framebus_camera_age_seconds", "Age of the newest frame.", labels=["camera"])
        for feed in self._cameras.feeds.values():
            if feed.age is not None:
                age.add_metric([feed.camera], feed.age)
        yield age

    def _rendition_encodes(self) -> Iterator[Metric]:
        """What capture did for renditions, once for all viewers."""
        labels = ["camera", "rendition"]
        made = CounterMetricFamily("framebus_rendition_frames_made", "Frames that capture made smaller.", labels=labels)
        failed = CounterMetricFamily(
            "framebus_rendition_frames_failed",
            "Frames that could not be made smaller, sent as they are.",
            labels=labels,
        )
        for feed in self._cameras.feeds.values():
            for rendition, counts in (feed.status.renditions or {}).items():
                made.add_metric([feed.camera, rendition], counts.made)
                failed.add_metric([feed.camera, rendition], counts.failed)
        yield made
        yield failed

    def _sent_renditions(self, all_stats: Mapping[int, ViewersHeader], labels: list[str]) -> Iterator[Metric]:
        """The part of the figures above that concerns renditions."""
        labels = [*labels, "rendition"]
        viewers = GaugeMetricFamily("framebus_rendition_viewers", "Connections that get it.", labels=labels)
        sent = CounterMetricFamily("framebus_rendition_frames_sent", "Of the frames sent, these.", labels=labels)
        sent_bytes = CounterMetricFamily("framebus_rendition_sent_bytes", "Bytes of these.", labels=labels)
        for number, camera, stats in self._per_camera(all_stats):
            for rendition, of in stats.renditions.items():
                values = [*[camera, str(number)][: len(labels) - 1], rendition]
                viewers.add_metric(values, of.viewers)
                sent.add_metric(values, of.sent)
                sent_bytes.add_metric(values, of.sent_bytes)
        yield from (viewers, sent, sent_bytes)

    def _worker_metrics(self) -> Iterator[Metric]:
        """The figures that each worker has of its own; with one worker, without its number."""
        workers = self._cameras.workers
        viewers = GaugeMetricFamily("framebus_camera_viewers", "Connections that show it.", labels=["camera"])
        for camera in self._cameras.feeds:
            viewers.add_metric([camera], workers.viewers_of(camera))
        yield viewers
        labels = ["camera", "worker"] if workers.count > 1 else ["camera"]
        all_stats = workers.all_stats()
        for name, (text, value) in WORKER_COUNTERS.items():
            counter = CounterMetricFamily(f"framebus_camera_{name}", text, labels=labels)
            for number, camera, stats in self._per_camera(all_stats):
                counter.add_metric([camera, str(number)][: len(labels)], value(stats))
            yield counter
        yield self._skipped(all_stats, labels)
        yield self._age_histogram(all_stats, labels)
        yield from self._sent_renditions(all_stats, labels)
        total = GaugeMetricFamily("framebus_viewers", "Connections that show any camera.")
        total.add_metric([], workers.viewers())
        yield total
        limit = GaugeMetricFamily("framebus_viewers_limit", "max_viewers of the configuration.")
        limit.add_metric([], self._cameras.max_viewers)
        yield limit

    def _skipped(self, all_stats: Mapping[int, ViewersHeader], labels: list[str]) -> Metric:
        """Frames that viewers did not get, by reason."""
        text = (
            "Frames not sent to a viewer, counted for each: its line or the gateway was busy, or the page still drew."
        )
        counter = CounterMetricFamily("framebus_camera_frames_skipped", text, labels=[*labels, "reason"])
        for number, camera, stats in self._per_camera(all_stats):
            for reason, amount in (("line", stats.skipped_line), ("page", stats.skipped_page)):
                counter.add_metric([*[camera, str(number)][: len(labels)], reason], amount)
        return counter

    def _age_histogram(self, all_stats: Mapping[int, ViewersHeader], labels: list[str]) -> Metric:
        """How old frames were when they were sent."""
        family = HistogramMetricFamily(
            "framebus_camera_sent_age_seconds", "Age of frames when they were handed to a viewer's line.", labels=labels
        )
        for number, camera, stats in self._per_camera(all_stats):
            counts = list(accumulate(stats.ages)) or [0] * (len(AGE_BOUNDS_SECONDS) + 1)
            bounds = [*map(str, AGE_BOUNDS_SECONDS), "+Inf"]
            family.add_metric(
                [camera, str(number)][: len(labels)], list(zip(bounds, counts, strict=True)), stats.age_seconds
            )
        return family

    def _per_camera(self, all_stats: Mapping[int, ViewersHeader]) -> Iterator[tuple[int, str, CameraStats]]:
        for number, header in all_stats.items():
            for camera in self._cameras.feeds.keys() & header.cameras.keys():
                yield number, camera, header.cameras[camera]


class BuildCollector(Collector):
    """The version, as the label of a sample that is always 1."""

    def collect(self) -> Iterator[Metric]:
        """One family with one sample."""
        info = GaugeMetricFamily("framebus_build_info", "The version that runs.", labels=["version"])
        info.add_metric([__version__], 1)
        yield info


class LimitCollector(Collector):
    """The limits, and what was refused because of them."""

    def __init__(self, limits: LimitMetrics) -> None:
        self._limits = limits

    def collect(self) -> Iterator[Metric]:
        """The limits by the names of their keys in the configuration."""
        limit = GaugeMetricFamily("framebus_limit", "What the configuration allows, by its key.", labels=["key"])
        for key, allowed in self._limits.limits.items():
            limit.add_metric([key], allowed)
        yield limit
        open_now = GaugeMetricFamily("framebus_connections", "Connections that this worker has open.")
        open_now.add_metric([], self._limits.connections.open)
        yield open_now
        refused = CounterMetricFamily("framebus_refused", "What this worker refused, by kind.", labels=["what"])
        for what, amount in self._limits.refused().items():
            refused.add_metric([what], amount)
        yield refused


def registry(cameras: CameraRegistry, limits: LimitMetrics) -> CollectorRegistry:
    """A registry with the cameras, the limits and the version."""
    collectors = CollectorRegistry()
    collectors.register(CameraCollector(cameras))
    collectors.register(LimitCollector(limits))
    collectors.register(BuildCollector())
    return collectors
