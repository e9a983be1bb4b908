"""Print each change of a camera's state. Needs pyzmq only. Run: python watch_status.py front."""

import json
import os
import sys

import zmq

SILENT_MS = 3000
"""A camera publishes its status once a second; after three seconds of silence it is offline."""


def main(camera: str, run_dir: str) -> None:
    """Print state and reason at each change, until interrupted."""
    socket = zmq.Context().socket(zmq.SUB)
    socket.setsockopt(zmq.CONFLATE, 1)
    socket.setsockopt(zmq.SUBSCRIBE, f"status/{camera}\n".encode())
    socket.connect(f"ipc://{run_dir}/{camera}.frames")
    last = None
    while True:
        if socket.poll(SILENT_MS):
            status = json.loads(socket.recv().split(b"\n", 2)[1])
            state = status["state"], status["reason"]
        else:
            state = "offline", "no process publishes this camera"
        if state != last:
            last = state
            print(f"{camera}: {': '.join(filter(None, state))}", flush=True)


if __name__ == "__main__":
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    default = f"{runtime}/framebus" if runtime else f"/tmp/framebus-{os.getuid()}"
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else default)
