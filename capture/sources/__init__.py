"""Makes the source of a camera's configuration. Each kind has its own module, imported when it is used."""

from capture.orientation import mirrored
from capture.source import Source
from framebus.config.camera import CameraConfig
from framebus.config.source_spec import SourceSpec


def make_source(camera: str, config: CameraConfig) -> Source:
    """The source for this camera, not yet opened. Its maker closes it."""
    if config.source.kind == "auto":
        from capture.sources.auto import AutoSource

        return AutoSource(lambda name: _make(camera, config, name))
    return _make(camera, config, config.source)


def _make(camera: str, config: CameraConfig, name: SourceSpec) -> Source:
    """The source of this name, which is not `auto`."""
    orientation = mirrored(config.orientation, hflip=config.hflip, vflip=config.vflip)
    source: Source
    match name.kind:
        case "picamera2":
            from capture.sources.picamera2 import Picamera2Source

            # It mirrors by itself, and says which orientation is left.
            return Picamera2Source(
                int(name.target or 0),
                config.size,
                config.fps,
                config.quality,
                orientation,
                still_size=config.still_size,
            )
        case "v4l2":
            from capture.sources.v4l2 import V4l2Source

            source = V4l2Source(
                name.target,
                config.size,
                config.fps,
                config.quality,
                idle_fps=config.idle_fps,
                patience_seconds=config.stall_timeout,
            )
        case "media":
            from capture.sources.media import MediaOptions, MediaSource

            source = MediaSource(
                name.target,
                config.size,
                config.fps,
                config.quality,
                patience_seconds=config.stall_timeout,
                options=MediaOptions.of(config),
            )
        case _:
            from capture.sources.testcard import TestCardSource

            source = TestCardSource(camera, config.size, config.quality, still_size=config.still_size)
    source.orientation = orientation
    return source
