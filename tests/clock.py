"""A clock that a test sets."""


class Clock:
    """Returns `seconds`, which the test changes. Stands in for time.monotonic or time.time."""

    def __init__(self, seconds: float = 1000.0) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds
