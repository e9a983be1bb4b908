"""Why a change of the settings was refused."""

from typing import Literal

from framebus.errors import FramebusError

Code = Literal["read-only", "edited", "changed", "not-allowed", "unknown-camera", "exists", "busy", "failed", "off"]
"""`edited`: by hand and not in force yet. `changed`: since the client has read it. `off`: by settings = false."""


class SettingsError(FramebusError):
    """A change that was not made; the text says why and what to do."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
