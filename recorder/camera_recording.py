"""Which frames of a camera are recorded: always some, those around events, and those on request. Pure."""

from typing import Literal

from framebus.config.camera import CameraConfig
from framebus.protocol.events import EventHeader
from framebus.runtime.thinning import Thinning
from recorder.incoming_frame import IncomingFrame
from recorder.pre_roll import PreRoll

EVENT_DELAY_SECONDS = 7.0
"""How long after its first frame an event may be reported for its pre-roll to be complete: motion detection looks back
at six seconds of a way (`recorder.motion.tracks.WINDOW_SECONDS`); one more is for a busy machine."""
GAP_SECONDS = 3.0
"""A pause of this length is a gap in the recording."""
GAP_PERIODS = 2.5
"""The same, in periods of `record_fps`, where that is longer."""
UNTIL_STOPPED = float("inf")

Reason = Literal["motion", "on-demand", "always"]


class CameraRecording:
    """Decides for one camera. Times of frames and events are of the camera's CLOCK_MONOTONIC, others of this one."""

    def __init__(self, settings: CameraConfig) -> None:
        """`settings` is the table of the camera."""
        self.modes = settings.record_modes
        """When the camera is recorded; empty for never."""
        self._pre_roll_seconds = settings.pre_roll
        self._post_roll_seconds = settings.post_roll
        # At the camera's own rate every frame is taken, though some come in a hurry.
        self._thinning = Thinning(settings.record_fps) if settings.record_fps < settings.fps else None
        self._always_gap = max(GAP_SECONDS, GAP_PERIODS / settings.record_fps)
        # Where all frames are recorded always, those before an event are, too.
        keeps = "motion" in self.modes and settings.pre_roll > 0 and ("always" not in self.modes or self._thinning)
        self.pre_roll = PreRoll(settings.pre_roll + EVENT_DELAY_SECONDS, settings.pre_roll_mb) if keeps else None
        """What came before an event; None where the frames are recorded anyway, or not wanted."""
        self._events: set[str] = set()
        self._event_until = float("-inf")
        """The camera's time until which frames are recorded for events that have ended."""
        self._demanded_until = float("-inf")
        self._last: tuple[str, float] | None = None
        """Epoch and time of the last frame that was recorded."""
        self._last_active: tuple[str, float] | None = None
        """The same of the last frame that was recorded while every frame is, as in a motion."""

    @property
    def wants_events(self) -> bool:
        """Whether events start a recording."""
        return "motion" in self.modes

    @property
    def gap_seconds(self) -> float:
        """A longer pause between two frames is a gap in the recording."""
        return self._always_gap if "always" in self.modes else GAP_SECONDS

    def needs_frames(self, now: float) -> bool:
        """Whether frames have to be received."""
        return self.pre_roll is not None or self.is_recording(now)

    def is_active(self, now: float) -> bool:
        """Whether each frame is recorded: for an event, for what follows one, or on request."""
        return bool(self._events) or self._event_until > float("-inf") or self.is_demanded(now)

    def is_recording(self, now: float) -> bool:
        """Whether frames that come now are recorded, all or some."""
        return "always" in self.modes or self.is_active(now)

    def is_demanded(self, now: float) -> bool:
        """Whether a requested recording is in progress."""
        return now < self._demanded_until

    def demanded_seconds(self, now: float) -> float | None:
        """Seconds left of the requested recording; None until it is stopped, 0 without one."""
        return None if self._demanded_until == UNTIL_STOPPED else max(0.0, self._demanded_until - now)

    def start(self, now: float, seconds: float | None) -> list[IncomingFrame]:
        """Record each frame from now on, for so many seconds, or until `stop`.

        Returns:
            The pre-roll, where there is one: a recording is requested because of what has just happened.
        """
        self._demanded_until = UNTIL_STOPPED if seconds is None else now + seconds
        if self.pre_roll is None:
            return []
        return self._take_again(self.pre_roll.last(self._pre_roll_seconds))

    def stop(self) -> None:
        """End what `start` began."""
        self._demanded_until = float("-inf")

    def on_event(self, event: EventHeader) -> list[IncomingFrame]:
        """Take a message about an event; returns the frames before it, which are to be recorded now."""
        if not self.wants_events:
            return []
        if event.phase == "end":
            self._events.discard(event.id)
            self._event_until = max(self._event_until, event.monotonic + self._post_roll_seconds)
            return []
        if event.id in self._events:
            return []
        self._events.add(event.id)
        if self.pre_roll is None:
            return []
        begin = event.monotonic - event.seconds - self._pre_roll_seconds
        return self._take_again(self.pre_roll.since(begin))

    def on_frame(self, frame: IncomingFrame, now: float) -> Reason | None:
        """Take a frame; returns why it is to be recorded, None for not."""
        at = frame.header.monotonic
        if self.pre_roll is not None:
            self.pre_roll.add(frame)
        if not self._events and at > self._event_until:
            self._event_until = float("-inf")
        reason: Reason | None = None
        if self._events or at <= self._event_until:
            reason = "motion"
        elif self.is_demanded(now):
            reason = "on-demand"
        elif "always" in self.modes and (self._thinning is None or self._thinning.is_due(at)):
            reason = "always"
        if reason is None or not self._take(frame):
            return None
        if reason != "always":
            self._last_active = self._last
        if self._thinning is not None and self._thinning.is_due(at):
            self._thinning.took(at)
        return reason

    def on_silence(self) -> None:
        """No frame has come for a while: what is recorded after an event is over."""
        if not self._events:
            self._event_until = float("-inf")

    def _take_again(self, frames: list[IncomingFrame]) -> list[IncomingFrame]:
        """The frames before an event, also those of them that are recorded already, as some always are.

        The segment that begins with them hides the end of the one before it, which has a part of the frames only.
        """
        last = self._last_active
        found = [
            frame
            for frame in frames
            if last is None or last[0] != frame.header.epoch or frame.header.monotonic > last[1]
        ]
        if found:
            self._last = self._last_active = found[-1].header.epoch, found[-1].header.monotonic
        return found

    def _take(self, frame: IncomingFrame) -> bool:
        """Whether a frame is newer than the last one that was recorded."""
        epoch, at = frame.header.epoch, frame.header.monotonic
        if self._last is not None and self._last[0] == epoch and at <= self._last[1]:
            return False
        self._last = epoch, at
        return True
