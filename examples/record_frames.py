"""Saves every frame of a camera, without a gap, in numbered files: python record_frames.py front FOLDER [FRAMES]."""

import sys
from pathlib import Path

from framebus import Subscriber

QUEUE_FRAMES = 300
"""Ten seconds at 30 fps: for how long the disk may stall."""


def main(camera: str, folder: Path, most: int) -> None:
    """Save so many frames."""
    folder.mkdir(parents=True, exist_ok=True)
    with Subscriber(camera, queue=QUEUE_FRAMES, timeout=60) as subscriber:
        for number, frame in enumerate(subscriber, 1):
            if frame.missed:
                print(f"{frame.missed} frames were lost before frame {frame.seq}", flush=True)
            (folder / f"{number:08}.jpg").write_bytes(frame.jpeg)
            if number == most:
                print(f"saved {number} frames, {subscriber.missed} lost", flush=True)
                return


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1_000_000)
