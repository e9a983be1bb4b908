"""The exception with which the snapshot service refuses a request."""

from framebus.errors import FramebusError


class StillError(FramebusError):
    """A request that gets no picture: `code` is for programs, the text for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
