"""What `source = "…"` may say: which kind of camera, and which one of that kind. Opening it is capture's part."""

import re
from dataclasses import dataclass
from typing import ClassVar, Literal

from framebus.config.strict_toml import did_you_mean

SourceKind = Literal["auto", "testcard", "picamera2", "v4l2", "media"]


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """A kind of camera and the target within it: a device path, a number, a URL or a file; empty for none."""

    kind: SourceKind
    target: str = ""

    ALLOWED: ClassVar[str] = (
        "auto, testcard, picamera2, picamera2:N, v4l2:/dev/videoN, v4l2:serial=…, v4l2:name=…, "
        "a URL (rtsp://…, http://…), or the path of a file"
    )

    @classmethod
    def parse(cls, text: str) -> "SourceSpec":
        """Read the config's word for a camera.

        Raises ValueError, its text what is allowed.
        """
        if "\0" in text:  # TOML can say it, no path and no URL can
            raise ValueError(cls.ALLOWED)
        kind, colon, target = text.partition(":")
        match text:
            case "auto" | "testcard" | "picamera2":
                return cls(text)
        if kind == "picamera2" and target.isascii() and target.isdigit():
            return cls("picamera2", target)
        if kind == "v4l2" and re.match("/|(serial|name)=.", target):
            return cls("v4l2", target)
        if text.startswith("/dev/video"):
            return cls("v4l2", text)
        if "://" in text or (not colon and ("/" in text or "." in text)):
            return cls("media", text)
        hint = did_you_mean(kind, ["auto", "testcard", "picamera2", "v4l2"])
        raise ValueError(cls.ALLOWED + hint.replace('"v4l2"', '"v4l2:/dev/video0"'))

    def __str__(self) -> str:
        if self.kind == "media":
            return self.target
        return f"{self.kind}:{self.target}" if self.target else self.kind
