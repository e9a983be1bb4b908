"""Watches one camera: takes its frames, and returns messages of what happens. No sockets."""

from framebus.client.frame_filter import FrameFilter
from framebus.config.camera import MOTION_FPS, CameraConfig
from framebus.errors import DecodeError
from framebus.protocol.events import EventHeader
from framebus.protocol.frame import Frame
from framebus.runtime.rate_limited_log import RateLimitedLog
from recorder.motion.arrays import Grey
from recorder.motion.detector import Detector
from recorder.motion.events import Events, Moment, Sighting
from recorder.motion.small_picture import small_picture
from recorder.motion.zones import counting, shown

EARLY_SHARE = 0.25
"""Of the time between two frames: so much earlier one may come without being left out."""


class Watcher:
    """Motion of one camera. Made again when its settings change."""

    def __init__(self, camera: str, settings: CameraConfig, same_host: bool, run: str, losses: RateLimitedLog) -> None:
        """Begin without a frame.

        Args:
            camera: its name.
            settings: its table of the configuration.
            same_host: whether it is on this machine.
            run: identifies this run of the process.
            losses: for what has to be left out.
        """
        self.camera = camera
        self._settings = settings
        self._losses = losses
        self._filter = FrameFilter(same_host=same_host)
        self._events = Events(camera, run)
        self._detector: Detector[Moment] | None = None
        self._made_for: tuple[object, ...] = ()
        self._shape = (0, 0)
        self._due = float("-inf")

    @property
    def current(self) -> EventHeader | None:
        """The newest message of the event in progress; None without one."""
        return self._events.current

    def due_in(self, now: float) -> float:
        """Seconds until the next frame is wanted; 0 where it is wanted now."""
        return max(0.0, self._due - now)

    def take(self, message: bytes | memoryview, now: float) -> EventHeader | None:
        """Look at a frame.

        Args:
            message: from the bus.
            now: seconds of the host's CLOCK_MONOTONIC.

        Returns:
            What is to be published, if anything.
        """
        frame = self._filter.accept(message)
        if frame is None:
            return self.tick(now)
        self._due = now + (1 - EARLY_SHARE) / MOTION_FPS
        sighting = self._look(frame)
        if sighting is not None:
            return self._events.saw(sighting, now)
        return self.tick(now)

    def tick(self, now: float) -> EventHeader | None:
        """What is due without a frame; to be called several times a second."""
        return self._events.tick(now)

    def end(self, now: float) -> EventHeader | None:
        """The end of the event in progress, as the process ends."""
        return self._events.end(now)

    def _look(self, frame: Frame) -> Sighting | None:
        made_for = (frame.width, frame.height, frame.orientation, frame.epoch)
        if self._detector is None or made_for != self._made_for:
            grey = self._decoded(frame)
            if grey is None:
                return None
            self._made_for = made_for
            self._shape = grey.shape[0], grey.shape[1]
            self._detector = self._make(self._shape, frame.orientation)
        moment = Moment(frame.seq, frame.epoch, frame.captured, frame.monotonic)
        motion = self._detector.look(lambda: self._fitting(frame), moment, frame.monotonic)
        if motion is None:
            return None
        return Sighting(moment, motion.first, motion.score, shown(motion.box, frame.orientation))

    def _fitting(self, frame: Frame) -> Grey | None:
        """The picture of a frame; None where it is damaged, or its size is not that of the ones before."""
        grey = self._decoded(frame)
        if grey is None or grey.shape == self._shape:
            return grey
        self._detector = None
        return None

    def _decoded(self, frame: Frame) -> Grey | None:
        try:
            return small_picture(frame)
        except DecodeError as error:
            self._losses.count("frames that cannot be decoded", str(error))
            return None

    def _make(self, shape: tuple[int, int], orientation: int) -> Detector[Moment]:
        settings = self._settings
        counts = counting(shape, orientation, settings.motion_zones, settings.motion_ignore)
        return Detector(shape, counts, settings.motion_min_area, settings.motion_sensitivity)
