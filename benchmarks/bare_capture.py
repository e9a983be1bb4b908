"""The first process of the bare relay: takes frames from a V4L2 camera and publishes them with ZeroMQ.

It checks no picture and writes no header. A message is a topic and the picture, in one part, as ZMQ_CONFLATE needs it.
"""

import sys
from typing import NoReturn

import zmq

from benchmarks.camera import FPS, SIZE
from capture.v4l2.device import V4l2Device
from framebus.config.size import Size

TOPIC = b"bare\n"
BUFFERS = 4
WAIT_SECONDS = 1.0
QUEUED_FRAMES = 2
"""For a subscriber that is late."""


def publish(camera: V4l2Device, frames: "zmq.Socket[bytes]") -> NoReturn:
    """Publish each frame of an open camera."""
    while True:
        if not camera.wait(WAIT_SECONDS):
            continue
        filled = camera.dequeue()
        if filled is not None:
            picture = camera.data(filled)
            camera.enqueue(filled.index)
            frames.send(TOPIC + picture, copy=False)


def main() -> NoReturn:
    """Run the process, for the device and at the endpoint that its arguments name."""
    device, endpoint = sys.argv[1:]
    camera = V4l2Device(device)
    camera.set_format("MJPG", Size(*SIZE))
    camera.set_fps(FPS)
    camera.request_buffers(BUFFERS)
    camera.start()
    frames = zmq.Context().socket(zmq.PUB)
    frames.setsockopt(zmq.SNDHWM, QUEUED_FRAMES)
    frames.bind(endpoint)
    publish(camera, frames)


if __name__ == "__main__":
    main()
