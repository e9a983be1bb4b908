"""Print each new frame of a camera. Run: python read_frames.py front."""

import sys

from framebus import Subscriber


def main(camera: str) -> None:
    """Read frames until interrupted. A slow loop gets fewer frames, never old ones."""
    with Subscriber(camera) as subscriber:
        for frame in subscriber:
            size = f"{frame.width}x{frame.height}"
            print(f"frame {frame.seq}: {size}, {len(frame.jpeg)} bytes, {frame.age * 1000:.0f} ms old", flush=True)
            if frame.missed:
                print(f"missed {frame.missed} frames before it", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
