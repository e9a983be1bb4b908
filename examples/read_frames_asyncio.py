"""Read several cameras at the same time. Run: python read_frames_asyncio.py front garden."""

import asyncio
import sys

from framebus import AsyncSubscriber


async def read(camera: str) -> None:
    """Print each frame of one camera; the other cameras do not wait for it."""
    async with AsyncSubscriber(camera) as subscriber:
        async for frame in subscriber:
            print(f"{camera}: frame {frame.seq}, {len(frame.jpeg)} bytes", flush=True)


async def main(cameras: list[str]) -> None:
    """Read every camera until interrupted."""
    await asyncio.gather(*(read(camera) for camera in cameras))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
