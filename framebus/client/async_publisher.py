"""A program on asyncio as a camera."""

import asyncio
import contextlib
import math
import os
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from framebus.client.options import check_seconds
from framebus.client.publisher import Publisher
from framebus.protocol.frame import Frame

if TYPE_CHECKING:
    import numpy
    import numpy.typing


class AsyncPublisher:
    """As Publisher, for asyncio: pictures are checked and encoded in a thread, so that the loop goes on.

    ::

        import asyncio
        from framebus import AsyncPublisher, AsyncSubscriber

        async def main() -> None:
            async with AsyncPublisher("marked") as marked:
                async for frame in AsyncSubscriber("front", timeout=10):
                    await marked.publish(frame.jpeg, like=frame)
                    print(frame.seq, marked.watched)

        asyncio.run(main())
    """

    def __init__(self, camera: str, *, config: str | os.PathLike[str] | None = None) -> None:
        """Take the camera's endpoint; it may be called outside a loop.

        Args:
            camera: The camera's name in the configuration.
            config: The path of framebus.toml; None searches for it as the commands do.

        Raises:
            ArgumentError: The name is invalid. It is a ValueError, too.
            ConfigError: The configuration has mistakes, no such camera, or another source for it.
            PublisherError: Another process publishes the camera, or its endpoint cannot be had; the text says why.
        """
        self.camera = camera
        self._publisher = Publisher(camera, config=config)

    @property
    def watched(self) -> bool:
        """Whether a frame is wanted now: by viewers, or for a still. See Publisher.watched."""
        return self._publisher.watched

    async def wait_watched(self, timeout: float | None = None) -> bool:  # noqa: ASYNC109  (as in Publisher)
        """Wait until `watched` is true.

        Args:
            timeout: Seconds to wait; None waits for ever.

        Returns:
            Whether it is true.

        Raises:
            PublisherClosed: The publisher is closed, or was closed while this waited.
            PublisherError: The endpoint is lost, or the publisher was made before a fork.
            ArgumentError: The timeout is not a number.
        """
        check_seconds("timeout", timeout)
        loop = asyncio.get_running_loop()
        changed = asyncio.Event()

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed
                loop.call_soon_threadsafe(changed.set)

        deadline = None if timeout is None else loop.time() + timeout
        with self._publisher._thread.listening(tell):
            while not self._publisher.wait_watched(0):
                changed.clear()
                left = math.inf if deadline is None else deadline - loop.time()
                if left <= 0:
                    return False
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(left, self._publisher._thread.idle_pause)):
                        await changed.wait()
        return True

    async def publish(
        self,
        picture: "bytes | bytearray | memoryview | numpy.typing.NDArray[numpy.uint8]",
        *,
        like: Frame | None = None,
        captured: float | None = None,
        monotonic: float | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> int:
        """Publish a picture. Without a moment, it counts as taken now.

        Args:
            picture: A complete JPEG, or an array of numpy, as for Publisher.publish.
            like: The frame that the picture was made from: it passes on its moment, its metadata, and for an array its
                orientation.
            captured: When the picture was taken, in Unix seconds.
            monotonic: The same moment in seconds of CLOCK_MONOTONIC. One of the two is enough.
            metadata: What the program says of the picture: names, and values of JSON.

        Returns:
            The number of the frame, from 1.

        Raises:
            PictureError: The picture is no complete JPEG, too large, or an array of another kind. It is a ValueError.
            ArgumentError: A moment is in the future or not a number, or the metadata cannot be sent. It is a
                ValueError, too.
            MissingPackageError: Pillow is not installed. It is an ImportError, too.
            PublisherClosed: The publisher is closed.
            PublisherError: The endpoint is lost, or the publisher was made before a fork.
        """
        return await asyncio.to_thread(
            self._publisher.publish,
            picture,
            like=like,
            captured=captured,
            monotonic=monotonic,
            metadata=metadata,
        )

    def offline(self, reason: str) -> None:
        """Tell the viewers that there are no pictures, and why, until the next one is published.

        Args:
            reason: A sentence for people.

        Raises:
            ArgumentError: The reason is empty.
            PublisherClosed: The publisher is closed.
            PublisherError: The endpoint is lost, or the publisher was made before a fork.
        """
        self._publisher.offline(reason)

    def close(self) -> None:
        """Release the endpoint, and tell the viewers. May be called more than once; raises nothing."""
        self._publisher.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.close)
