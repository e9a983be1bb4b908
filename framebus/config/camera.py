"""What a [camera.NAME] table of framebus.toml may say, and the defaults."""

from typing import Annotated, Literal

import msgspec

from framebus.config.motion_zones import Zones
from framebus.config.server_key import ServerKey
from framebus.config.size import Size
from framebus.config.source_spec import SourceSpec
from framebus.config.tcp_endpoint import TcpEndpoint
from framebus.config.tls_fingerprint import TlsFingerprint

MOTION_FPS = 5.0
"""Frames a second in which motion is looked for; a camera with motion detection gives so many while it is idle."""
RecordMode = Literal["motion", "always", "on-demand"]
RECORD_ALLOWED = '"off", "motion", "always", "on-demand", or a list of the last three, such as ["always", "motion"]'
Title = Annotated[
    str,
    msgspec.Meta(min_length=1, max_length=64, pattern=r"^(?=.*\S)[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$"),
]
"""No line ends, no control characters, and none that change the direction of the text behind them."""
NOT_OF_CAPTURE = (
    "title",
    "motion",
    "motion_zones",
    "motion_ignore",
    "motion_min_area",
    "motion_sensitivity",
    "record",
    "record_fps",
    "record_rendition",
    "pre_roll",
    "pre_roll_mb",
    "post_roll",
)
"""Keys that the camera's capture does not read; `idle_fps` tells it that there is motion detection."""

MAX_FPS = 240
FPS = msgspec.Meta(gt=0, le=MAX_FPS, description=f"frames a second, more than 0 and at most {MAX_FPS}")


class CameraConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A [camera.NAME] table."""

    source: SourceSpec = SourceSpec("auto")
    title: Annotated[Title | None, msgspec.Meta(description="a text of 1 to 64 characters in one line")] = None
    size: Size = Size(1280, 720)
    fps: Annotated[float, FPS] = 30
    still_size: Size | None = None
    quality: Annotated[int, msgspec.Meta(ge=1, le=100, description="a whole number from 1 to 100")] = 80
    idle_fps: Annotated[
        float,
        msgspec.Meta(
            ge=0, le=MAX_FPS, description=f"frames a second from 0 (the camera is closed while idle) to {MAX_FPS}"
        ),
    ] = 1
    rendition_fps: Annotated[float, FPS] = 15
    rendition_quality: Annotated[int, msgspec.Meta(ge=1, le=100, description="a whole number from 1 to 100")] = 60
    orientation: Annotated[
        int, msgspec.Meta(ge=1, le=8, description="an EXIF orientation, a whole number from 1 to 8")
    ] = 1
    max_frame_mb: Annotated[float, msgspec.Meta(gt=0, le=31, description="MB, more than 0 and at most 31")] = 31
    max_megapixels: Annotated[float, msgspec.Meta(ge=0.1, le=500, description="megapixels from 0.1 to 500")] = 64
    stall_timeout: Annotated[
        float, msgspec.Meta(gt=0, le=3600, description="seconds, more than 0 and at most 3600")
    ] = 5
    keyframe_timeout: Annotated[
        float, msgspec.Meta(gt=0, le=3600, description="seconds, more than 0 and at most 3600")
    ] = 120
    rtsp_transport: Annotated[Literal["auto", "tcp", "udp"], msgspec.Meta(description='"auto", "tcp" or "udp"')] = (
        "auto"
    )
    tls_verify: bool = True
    tls_fingerprint: TlsFingerprint | None = None
    hflip: bool = False
    vflip: bool = False
    controls: Annotated[
        dict[str, bool | int | float | str | list[float]],
        msgspec.Meta(description="a table of controls and their values, such as { brightness = 0.1 }"),
    ] = {}
    motion: bool = False
    motion_zones: Zones = []
    motion_ignore: Zones = []
    motion_min_area: Annotated[
        float, msgspec.Meta(gt=0, le=100, description="percent of the picture, more than 0 and at most 100")
    ] = 0.1
    motion_sensitivity: Annotated[int, msgspec.Meta(ge=1, le=100, description="a whole number from 1 to 100")] = 50
    record: Annotated[
        Literal["off", "motion", "always", "on-demand"] | list[RecordMode], msgspec.Meta(description=RECORD_ALLOWED)
    ] = "off"
    record_fps: Annotated[float, FPS] = 10
    record_rendition: Annotated[
        Literal["full", "half", "quarter"], msgspec.Meta(description='"full", "half" or "quarter"')
    ] = "full"
    pre_roll: Annotated[float, msgspec.Meta(ge=0, le=60, description="seconds from 0 to 60")] = 5
    pre_roll_mb: Annotated[float, msgspec.Meta(gt=0, le=2000, description="MB, more than 0 and at most 2000")] = 32
    post_roll: Annotated[float, msgspec.Meta(ge=0, le=600, description="seconds from 0 to 600")] = 10
    publish: TcpEndpoint | None = None
    control: TcpEndpoint | None = None
    sndbuf: Annotated[
        int, msgspec.Meta(ge=4096, le=16 << 20, description="bytes, a whole number from 4096 to 16777216")
    ] = 65536
    insecure_tcp: bool = False
    connect: TcpEndpoint | None = None
    connect_control: TcpEndpoint | None = None
    server_key: ServerKey | None = None

    @property
    def is_here(self) -> bool:
        """Whether this machine has the camera."""
        return self.connect is None

    @property
    def is_program(self) -> bool:
        """Whether a program of the user's publishes it."""
        return self.is_here and self.source.kind == "program"

    @property
    def has_capture(self) -> bool:
        """Whether this machine runs a capture for it."""
        return self.is_here and not self.is_program

    @property
    def has_motion(self) -> bool:
        """Whether motion is looked for in its frames."""
        return self.motion

    @property
    def of_motion(self) -> "CameraConfig":
        """The same with the defaults of all keys that motion detection does not read."""
        read = ("motion", "motion_zones", "motion_ignore", "motion_min_area", "motion_sensitivity")
        return CameraConfig(**{key: getattr(self, key) for key in (*read, "connect", "server_key", "insecure_tcp")})

    @property
    def of_capture(self) -> "CameraConfig":
        """The same with the defaults of all keys that its capture does not read: changes of these leave it running."""
        defaults = CameraConfig()
        return msgspec.structs.replace(self, **{key: getattr(defaults, key) for key in NOT_OF_CAPTURE})

    @property
    def of_recorder(self) -> tuple[object, ...]:
        """What the recorder reads: a change of it starts the recorder again."""
        return (
            *(self.record_modes, self.record_fps, self.record_rendition, self.record_fps < self.fps, self.motion),
            *(self.pre_roll, self.pre_roll_mb, self.post_roll),
            *(self.connect, self.server_key),
        )

    @property
    def record_modes(self) -> frozenset[RecordMode]:
        """When it is recorded; empty for never."""
        if isinstance(self.record, list):
            return frozenset(self.record)
        return frozenset() if self.record == "off" else frozenset([self.record])
