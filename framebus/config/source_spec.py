"""What `source = "…"` may say: which kind of camera, and which one of that kind. Opening it is left to capture."""

import re
from typing import ClassVar, Literal

import msgspec

from framebus.config.shown_url import SCHEMES, shown
from framebus.config.strict_toml import did_you_mean

SourceKind = Literal["auto", "testcard", "picamera2", "v4l2", "media", "program"]

_WORDS = ("auto", "testcard", "picamera2", "program")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=://)")
_BROKEN_SCHEME = re.compile(rf"({'|'.join(sorted(SCHEMES))})(?::(?!//)|//)", re.IGNORECASE)
_HOST_AND_PATH = re.compile(
    r"(?:[^/@]*@)?(?:\d{1,3}(?:\.\d{1,3}){3}|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.(?:local|lan|home|box|internal))(?::\d{1,5})?(?:[/?].*)?"
    r"|(?:[^/@]*@)?[A-Za-z0-9.-]+:\d{1,5}/.*",
    re.DOTALL,
)
"""An address without a scheme; a name only where it cannot be that of a file."""
_DEVICE = re.compile(r"/dev/(?!shm/|disk/)[^\0]+")


class SourceSpec(msgspec.Struct, frozen=True):
    """A kind of camera and the target within it: a device path, a number, a URL or a file; empty for none."""

    kind: SourceKind
    target: str = ""

    ALLOWED: ClassVar[str] = (
        "auto, testcard, picamera2, picamera2:N, v4l2:/dev/videoN, v4l2:serial=…, v4l2:name=…, "
        "a URL (rtsp://…, http://…), the path of a file, or program (a program of yours publishes it)"
    )

    @classmethod
    def parse(cls, text: str) -> "SourceSpec":
        """Read the config's word for a camera. Blanks around it do not count.

        Raises ValueError, its text what is allowed. No text quotes what was found: it may hold a password.
        """
        text = text.strip()
        if "\0" in text:  # TOML can say it, no path and no URL can
            raise ValueError(cls.ALLOWED)
        if text in _WORDS:
            return cls(text)  # type: ignore[arg-type]
        return cls._local(text) or cls._media(text) or cls._refuse(text)

    @classmethod
    def shown(cls, text: str) -> str:
        """The text as an error may quote it."""
        may_hold_login = re.search(r"[@?&=]|://", text) or _BROKEN_SCHEME.match(text)
        return shown(text) if may_hold_login and not text.startswith("v4l2:") else text

    @classmethod
    def _local(cls, text: str) -> "SourceSpec | None":
        kind, _, target = text.partition(":")
        if kind == "picamera2" and target.isascii() and target.isdigit():
            return cls("picamera2", target)
        if kind == "v4l2" and re.match("/|(serial|name)=.", target):
            return cls("v4l2", target)
        if _DEVICE.fullmatch(text):
            return cls("v4l2", text)
        return None

    @classmethod
    def _media(cls, text: str) -> "SourceSpec | None":
        scheme = _SCHEME.match(text)
        if scheme and scheme[0].lower() not in SCHEMES:
            hint = did_you_mean(scheme[0].lower(), sorted(SCHEMES))
            raise ValueError(f"a URL with one of the schemes {', '.join(sorted(SCHEMES))}{hint}")
        if scheme or "://" in text:
            return cls("media", scheme[0].lower() + text[scheme.end() :] if scheme else text)
        if broken := _BROKEN_SCHEME.match(text):
            line = shown(f"{broken[1].lower()}://{text[broken.end() :].lstrip('/')}")
            raise ValueError(f'two slashes behind the scheme of a URL; write source = "{line}"')
        if _HOST_AND_PATH.fullmatch(text):
            lines = " or ".join(f'source = "{shown(f"{scheme}://{text}")}"' for scheme in ("http", "rtsp"))
            raise ValueError(f"a scheme before the address of a network camera; write {lines}")
        kind, colon, _ = text.partition(":")
        named = kind in ("v4l", "v4l2", "usb", *_WORDS)
        if "@" not in text and not (colon and named) and ("/" in text or "." in text):
            return cls("media", text)
        return None

    @classmethod
    def _refuse(cls, text: str) -> "SourceSpec":
        kind = text.partition(":")[0]
        if kind.lower() in ("usb", "webcam", "usbcam"):
            raise ValueError(f'{cls.ALLOWED}; for a USB camera write source = "auto" or source = "v4l2:/dev/video0"')
        hint = did_you_mean(kind, ["auto", "testcard", "picamera2", "v4l2", "program"])
        raise ValueError(cls.ALLOWED + hint.replace('"v4l2"', '"v4l2:/dev/video0"'))

    def __str__(self) -> str:
        if self.kind == "media":
            return self.target
        return f"{self.kind}:{self.target}" if self.target else self.kind
