"""Ask the snapshot service for a still, from a program on asyncio."""

from typing import Unpack

from framebus.client.async_request import ask_async
from framebus.client.snapshots import SnapshotOptions, parse_reply, prepare
from framebus.protocol.frame import Frame


async def request_snapshot_async(camera: str, **options: Unpack[SnapshotOptions]) -> Frame:
    """As request_snapshot, for asyncio: its arguments, its result and its errors.

    It may be cancelled: the service then forgets the request, and the camera goes back to sleep.

    ::

        import asyncio
        from framebus import request_snapshot_async

        async def main() -> None:
            frame = await request_snapshot_async("front", fresh=True, width=640)
            print(frame.width, frame.height, len(frame.jpeg), "bytes")

        asyncio.run(main())
    """
    asked = prepare(camera, **options)
    reply = await ask_async(asked.service, asked.request, asked.seconds, asked.timeout_text, asked.cancel)
    return parse_reply(reply, same_host=asked.service.same_host)
