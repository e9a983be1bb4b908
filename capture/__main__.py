"""`python -m capture NAME`: start, loop, stop are in capture.server."""

import sys

from capture.server import Capture
from framebus.config import Config, ConfigError
from framebus.process import Stop, arguments, run
from framebus.strict_toml import did_you_mean


def main() -> int:
    """Run one camera's process; returns its exit status."""
    parser = arguments("capture", "Own one camera and publish its frames.")
    parser.add_argument("camera", metavar="NAME", help="which [camera.NAME] of the configuration")
    options = parser.parse_args()

    def capture(config: Config, stop: Stop) -> None:
        if options.camera not in config.cameras:
            known = list(config.cameras)
            raise ConfigError(
                [
                    f"camera {options.camera!r} is not configured; there is {', '.join(known)}"
                    f"{did_you_mean(options.camera, known)}"
                ]
            )
        Capture(config, options.camera).run(stop)

    return run(f"capture-{options.camera}", options.config, capture)


if __name__ == "__main__":
    sys.exit(main())
