"""Run motion detection: `python -m recorder.motion`."""

import os
import sys

from framebus.config.load import Config
from framebus.runtime.command_line import arguments, read
from framebus.runtime.process import ProcessError, Stop, run
from framebus.transport import endpoints

THREADS = "OPENBLAS_NUM_THREADS"
"""numpy's library makes a thread with memory of its own for each core; the matrices here are small."""


def main() -> int:
    """Look for motion, and return the exit status."""
    options = read(lambda: arguments("motion", "Look for motion in the frames of cameras, and publish it as events."))
    os.environ.setdefault(THREADS, "1")

    def motion(config: Config, stop: Stop) -> None:
        try:
            from recorder.motion.server import MotionServer
        except ModuleNotFoundError as error:
            if error.name != "numpy":
                raise
            raise ProcessError(
                "motion detection needs numpy, which is not installed; "
                f"run: {sys.executable} -m pip install 'framebus[numpy]', or on Debian: sudo apt install python3-numpy"
            ) from None
        cameras = {name: camera for name, camera in config.cameras.items() if camera.has_motion}
        if not cameras:
            raise ProcessError("no camera has motion detection; set motion = true in the table of one")
        found = {name: endpoints.frames(config, name) for name in cameras}
        server = MotionServer(cameras, found, config.run_dir, config.group)
        try:
            server.run(stop)
        finally:
            server.close()

    return run("motion", options.config, motion)


if __name__ == "__main__":
    sys.exit(main())
