"""The process of a camera: its command line, and capture.server with the configuration."""

from typing import TYPE_CHECKING

from capture.server import Capture
from framebus.config.load import Config, ConfigError, load
from framebus.config.strict_toml import did_you_mean
from framebus.runtime.command_line import arguments, read
from framebus.runtime.malloc import trim_large_allocations
from framebus.runtime.process import EXIT_USAGE, Stop, run

if TYPE_CHECKING:
    from argparse import ArgumentParser


def main() -> int:
    """Run one camera's process; returns its exit status."""
    options = read(parser, ("camera",), trial=False)
    if options.trial:
        return trial(options.camera, options.config)

    def capture(config: Config, stop: Stop) -> None:
        check_known(config, options.camera)
        trim_large_allocations()
        Capture(
            options.camera,
            config.cameras[options.camera],
            config.run_dir,
            state_dir=config.state_dir,
            secrets=config.secrets,
            group=config.group,
        ).run(stop)

    return run(f"capture-{options.camera}", options.config, capture)


def parser() -> "ArgumentParser":
    """The parser of the command line."""
    parser = arguments("capture", "Own one camera and publish its frames.")
    parser.add_argument("camera", metavar="NAME", help="which [camera.NAME] of the configuration")
    parser.add_argument("--try", dest="trial", action="store_true", help="take one picture, say how it went, and end")
    return parser


def trial(camera: str, config_path: str | None) -> int:
    """Try the camera; returns the exit status."""
    from capture.probe import try_camera

    try:
        config = load(config_path)
        check_known(config, camera)
    except ConfigError as error:
        print(error)
        return EXIT_USAGE
    return try_camera(config, camera)


def check_known(config: Config, camera: str) -> None:
    """Raises ConfigError for a camera that the configuration does not have, or that has no capture here."""
    if camera not in config.cameras:
        known = list(config.cameras)
        hint = did_you_mean(camera, known)
        raise ConfigError([f"camera {camera!r} is not configured; there is {', '.join(known)}{hint}"])
    if not config.cameras[camera].is_here:
        where = config.cameras[camera].connect
        raise ConfigError([f"camera {camera} is on another machine: it comes from {where}, and has no capture here"])
    if config.cameras[camera].is_program:
        raise ConfigError([f'camera {camera} has source = "program": a program publishes it, and it has no capture'])
