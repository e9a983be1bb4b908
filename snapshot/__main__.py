"""Run the snapshot service: `python -m snapshot`."""

import sys

from framebus.config.load import Config
from framebus.runtime.process import Stop, arguments, run
from snapshot.server import Snapshot


def main() -> int:
    """Run the snapshot service and return the exit status."""
    options = arguments("snapshot", "Answer requests for stills from the newest frame of every camera.").parse_args()

    def snapshot(config: Config, stop: Stop) -> None:
        Snapshot(config).run(stop)

    return run("snapshot", options.config, snapshot)


if __name__ == "__main__":
    sys.exit(main())
