"""Ask the snapshot service for a still, from a program on asyncio."""

from typing import Unpack

from framebus.client.async_request import ask_async
from framebus.client.snapshots import SnapshotOptions, parse_reply, prepare
from framebus.protocol.frame import Frame


async def request_snapshot_async(camera: str, **options: Unpack[SnapshotOptions]) -> Frame:
    """Get one still of a camera from the snapshot service: `request_snapshot` for asyncio.

    It may be cancelled: the service then forgets the request, and the camera becomes idle again.

    ::

        import asyncio
        from framebus import request_snapshot_async

        async def main() -> None:
            frame = await request_snapshot_async("front", fresh=True, width=640)
            print(frame.width, frame.height, len(frame.jpeg), "bytes")

        asyncio.run(main())

    Args:
        camera: The camera's name in the configuration.
        options: The arguments of request_snapshot, by name.

    Returns:
        The still, as of request_snapshot.

    Raises:
        SnapshotError: The service refused. Its `code` is unknown-camera, no-frame, stale, offline, timeout, not-kept,
            damaged, too-large, busy, bad-request or internal.
        TimeoutError: The service did not answer; the text says why, where that is known. It is a ReplyTimeoutError.
        WireError: The reply is not one of a snapshot service.
        ArgumentError: A name, time or key is invalid. It is a ValueError, too.
        ConfigError: The configuration has mistakes, or there is no key of this machine.
        EndpointError: The endpoint is invalid. It is a zmq.ZMQError, too.
        ResourceError: The process has too few file descriptors left.
    """
    asked = prepare(camera, **options)
    reply = await ask_async(asked.service, asked.request, asked.seconds, asked.timeout_text, asked.cancel)
    return parse_reply(reply, same_host=asked.service.same_host)
