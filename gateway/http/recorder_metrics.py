"""The figures of the recorder for /metrics."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from framebus.config.camera import CameraConfig
from framebus.protocol.recorder import RecorderHeader, RecorderRequest
from gateway.cameras.recorder_client import RecorderClient
from gateway.net.errors import HttpError

DEADLINE_SECONDS = 0.5
"""Prometheus waits for the other figures, too."""
COUNTERS: dict[str, tuple[str, Callable[[RecorderHeader], float]]] = {
    "frames_recorded": ("Frames written to the disk.", lambda state: state.frames),
    "recorded_bytes": ("Bytes of these, with all that is written around them.", lambda state: state.bytes),
    "frames_not_received": ("Frames published that did not reach the recorder.", lambda state: state.missed),
    "frames_not_written": ("Frames that could not be written.", lambda state: state.dropped),
}
HOLDINGS: dict[str, tuple[str, Callable[[RecorderHeader], float | None]]] = {
    "held_bytes": ("What the folder of recordings holds.", lambda state: state.held_bytes),
    "kept_bytes": ("Of this, what is marked to be kept.", lambda state: state.kept_bytes),
    "free_bytes": ("Free on its disk.", lambda state: state.free_bytes),
    "oldest_seconds": ("Unix seconds of the oldest recording.", lambda state: state.oldest),
}


async def states(recorder: RecorderClient, cameras: Mapping[str, CameraConfig]) -> list[RecorderHeader]:
    """What the recorder does for each camera that is recorded; nothing where it does not answer."""
    recorded = [name for name, settings in cameras.items() if settings.record_modes]
    asked = (recorder.request(RecorderRequest(camera=name), DEADLINE_SECONDS) for name in recorded)
    answers = await asyncio.gather(*asked, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, HttpError):
            raise answer
    return [answer for answer in answers if isinstance(answer, RecorderHeader)]


class RecorderCollector(Collector):
    """The figures of the recorder."""

    def __init__(self, found: Sequence[RecorderHeader]) -> None:
        self._states = found

    def collect(self) -> Iterator[Metric]:
        """One family a figure; those of the disk once, not for each camera."""
        if not self._states:
            return
        recording = GaugeMetricFamily("framebus_recorder_recording", "Whether it is recorded now.", labels=["camera"])
        failed = GaugeMetricFamily("framebus_recorder_failed", "Whether the disk takes nothing.", labels=["camera"])
        for state in self._states:
            recording.add_metric([state.camera], float(state.state == "recording"))
            failed.add_metric([state.camera], float(state.state == "failed"))
        yield from (recording, failed)
        for name, (text, value) in COUNTERS.items():
            counter = CounterMetricFamily(f"framebus_recorder_{name}", text, labels=["camera"])
            for state in self._states:
                counter.add_metric([state.camera], float(value(state)))
            yield counter
        for name, (text, holding) in HOLDINGS.items():
            gauge = GaugeMetricFamily(f"framebus_recorder_{name}", text)
            amount = holding(self._states[0])
            if amount is not None:
                gauge.add_metric([], float(amount))
            yield gauge
        deleted = CounterMetricFamily("framebus_recorder_segments_deleted", "Files deleted to make room.")
        deleted.add_metric([], self._states[0].deleted)
        yield deleted
