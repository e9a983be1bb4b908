"""A USB camera made of software: plugged in while this runs, unplugged by SIGTERM or SIGKILL; SIGUSR1 stalls it, and
once more lets it go on.

`python -m tests.vm.usb_camera CLIPS --formats MJPG,YUY2 --sizes 1280x720,640x480`
"""

import argparse
import logging
import signal
from pathlib import Path

from tests.vm.usbip import Cable, plug_in
from tests.vm.uvc import Model
from tests.vm.webcam import Webcam

USUAL = Model()


def size(text: str) -> tuple[int, int]:
    """Width and height of `640x480`."""
    width, _, height = text.partition("x")
    return int(width), int(height)


def main() -> None:
    """Until it is killed, or the kernel unplugs it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("clips", type=Path, help="the folder of tests.vm.clip")
    options.add_argument("--port", type=int, default=0, help="of the USB controller")
    options.add_argument("--serial", default=USUAL.serial)
    options.add_argument("--product", default=USUAL.product)
    options.add_argument("--formats", default=",".join(USUAL.formats))
    options.add_argument("--sizes", default=",".join(f"{width}x{height}" for width, height in USUAL.sizes))
    given = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    formats, sizes = tuple(given.formats.split(",")), tuple(map(size, given.sizes.split(",")))
    camera = Webcam(Model(given.serial, given.product, formats, sizes), given.clips)

    def stall(*_: object) -> None:
        camera.stalled = not camera.stalled

    signal.signal(signal.SIGUSR1, stall)
    with plug_in(given.port) as cable:
        Cable(cable, camera).run()


if __name__ == "__main__":
    main()
