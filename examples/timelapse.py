"""Save a still every few seconds, in one folder per day. Run: python timelapse.py front /srv/lapse 60."""

import sys
import time
from pathlib import Path

from framebus import SnapshotError, request_snapshot


def main(camera: str, folder: str, interval_seconds: str) -> None:
    """Save stills until interrupted; a camera that is offline costs its pictures and nothing else."""
    while True:
        try:
            still = request_snapshot(camera, fresh=True)
        except (SnapshotError, TimeoutError) as error:
            print(f"no still: {error}", flush=True)
        else:
            moment = time.localtime(still.captured)
            file = Path(folder, time.strftime("%Y-%m-%d/%H%M%S.jpg", moment))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(still.jpeg)
            print(f"saved {file}", flush=True)
        time.sleep(float(interval_seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
