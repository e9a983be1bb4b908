"""The description of a stream, as far as an RTSP client needs it (RFC 4566, RFC 6184 8.2, RFC 7798 7.2)."""

import base64
import binascii
import re

import msgspec

STATIC_CODECS = {
    26: ("JPEG", 90_000),
    31: ("H261", 90_000),
    32: ("MPV", 90_000),
    33: ("MP2T", 90_000),
    34: ("H263", 90_000),
}
"""RFC 3551, section 6: payload types that need no rtpmap."""


class Track(msgspec.Struct):
    """One medium of a stream."""

    kind: str
    """Such as "video"."""
    payload_type: int
    control: str = ""
    codec: str = ""
    """In capital letters, such as "H264"."""
    clock_hz: int = 90_000
    parameters: dict[str, str] = msgspec.field(default_factory=dict)
    """Of the codec, their names in lower case."""

    @property
    def parameter_sets(self) -> list[bytes]:
        """The NAL units that a decoder needs first, where the description has them."""
        texts = [
            self.parameters.get(name, "") for name in ("sprop-vps", "sprop-sps", "sprop-pps", "sprop-parameter-sets")
        ]
        return [unit for text in texts for part in text.split(",") if (unit := _decoded(part))]


def parse(text: str) -> tuple[str, list[Track]]:
    """The control attribute of the session, and the tracks."""
    session_control = ""
    tracks: list[Track] = []
    for line in text.splitlines():
        key, _, value = line.strip().partition("=")
        words = value.split()
        if key == "m" and len(words) >= 4 and words[3].isdigit():
            kind = int(words[3][:3])
            codec, clock = STATIC_CODECS.get(kind, ("", 90_000))
            tracks.append(Track(words[0].lower(), kind, codec=codec, clock_hz=clock))
        elif key == "m":
            tracks.append(Track(words[0].lower() if words else "", -1))
        elif key == "a" and value.startswith("control:"):
            if tracks:
                tracks[-1].control = value.removeprefix("control:").strip()
            else:
                session_control = value.removeprefix("control:").strip()
        elif key == "a" and tracks:
            _attribute(tracks[-1], value)
    return session_control, tracks


def _attribute(track: Track, value: str) -> None:
    mapped = re.match(rf"rtpmap:\s*{track.payload_type}\s+([\w.+-]+)/(\d{{1,9}})", value)
    if mapped and int(mapped[2]):
        track.codec, track.clock_hz = mapped[1].upper(), int(mapped[2])
    described = re.match(rf"fmtp:\s*{track.payload_type}\s+(.*)", value)
    for pair in described[1].split(";") if described else ():
        name, _, text = pair.partition("=")
        track.parameters[name.strip().lower()] = text.strip()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.strip() + "=" * (-len(text.strip()) % 4))
    except (binascii.Error, ValueError):
        return b""
