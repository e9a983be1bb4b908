"""The clock of a film: which moment of the recordings is on the screen. Pure; all clocks are in seconds."""


class Film:
    """Recordings that are played from a moment on."""

    def __init__(self, begin: float, speed: float) -> None:
        """Prepare one.

        Args:
            begin: Unix time of its first moment.
            speed: times as fast as it was; negative for backwards, not 0.
        """
        self.begin = begin
        self.speed = speed
        self.last: float | None = None
        """The moment of the frame that was sent last."""
        self._from: tuple[float, float] | None = None
        """A moment, and when it was on the screen."""

    @property
    def is_backwards(self) -> bool:
        """Whether it runs from later moments to earlier ones."""
        return self.speed < 0

    @property
    def is_running(self) -> bool:
        """Whether its first frame was found."""
        return self._from is not None

    def run_from(self, moment: float, now: float) -> None:
        """Be at a moment now: at the beginning, and behind a gap. `now` is of a monotonic clock."""
        self._from = moment, now

    def position(self, now: float) -> float:
        """The moment that is on the screen."""
        if self._from is None:
            return self.begin
        moment, since = self._from
        return moment + (now - since) * self.speed

    def due(self, at: float) -> float:
        """When the frame of a moment is to be sent, by the monotonic clock."""
        if self._from is None:
            return 0.0
        moment, since = self._from
        return since + (at - moment) / self.speed
