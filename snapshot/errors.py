"""The exception for requests that the snapshot service refuses."""

from framebus.errors import FramebusError


class StillError(FramebusError):
    """A refused request: `code` is for programs, the text for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
