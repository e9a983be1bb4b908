"""Run the recorder: `python -m recorder`."""

import sys

from framebus.config.load import Config
from framebus.runtime.command_line import arguments, read
from framebus.runtime.process import Stop, run
from framebus.transport import endpoints
from recorder.server import RecorderServer


def main() -> int:
    """Run the recorder and return the exit status."""
    options = read(lambda: arguments("recorder", "Record the cameras that have `record` in their table."))

    def recorder(config: Config, stop: Stop) -> None:
        frames = {camera: endpoints.frames(config, camera) for camera in config.cameras}
        events = endpoints.events(config)
        RecorderServer(config.recorder, config.cameras, frames, events, config.run_dir, config.group).run(stop)

    return run("recorder", options.config, recorder)


if __name__ == "__main__":
    sys.exit(main())
