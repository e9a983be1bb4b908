"""Print each change of a camera's state. Needs pyzmq only. Run: python watch_status.py front."""

import json
import os
import sys
import tomllib

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


def find_run_dir() -> str:
    """The folder of the sockets, from $FRAMEBUS_CONFIG or ./framebus.toml, else the default."""
    file = os.path.abspath(os.environ.get("FRAMEBUS_CONFIG", "framebus.toml"))
    if os.path.isfile(file):
        with open(file, "rb") as config:
            named = tomllib.load(config).get("run_dir")
        if named:
            return os.path.join(os.path.dirname(file), named)
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return f"{runtime}/framebus" if runtime else f"/tmp/framebus-{os.getuid()}"


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else find_run_dir())
