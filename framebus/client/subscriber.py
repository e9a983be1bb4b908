"""The newest frame of a camera, for a program without asyncio. See async_subscriber for one with it."""

from framebus.client.frame_connection import FrameConnection
from framebus.client.loops import Loop
from framebus.client.options import SubscriberOptions, check_seconds
from framebus.client.subscriber_base import SubscriberBase
from framebus.protocol.frame import Frame


class Subscriber(SubscriberBase[FrameConnection], Loop[Frame]):
    """Yields the newest frame of a camera, however slow the loop around it; what it misses is counted.

    It may be made before the camera's process runs, and continues after that was restarted. Iterating waits
    `timeout` seconds for each frame, raises TimeoutError when none came in time, and ends when the subscriber is
    closed::

        from framebus import Subscriber

        with Subscriber("front", timeout=10) as subscriber:
            for frame in subscriber:
                print(frame.seq, f"{frame.age * 1000:.0f} ms old", len(frame.jpeg), "bytes")

    Closing: leave the `with` block, or call `close`. A subscriber that is dropped closes itself.

    Threads: one thread at a time may receive; another one that tries gets SubscriberError. `close` may be called from
    any thread, and ends the loop of the thread that receives.

    Pollers: `fileno` has a descriptor for select, poll, epoll, `selectors` and the event loops of others.

    Processes: after a fork, the child has to make a subscriber of its own; using the inherited one raises
    SubscriberError. A pickled subscriber makes a new connection in the process that unpickles it.
    """

    @staticmethod
    def _connect(options: SubscriberOptions) -> FrameConnection:
        return FrameConnection(options)

    def receive(self, timeout: float | None = None) -> Frame:
        """Wait for the next frame, which is the newest there is.

        Args:
            timeout: Seconds to wait, in place of the subscriber's own `timeout`.

        Returns:
            A frame newer than the last one; its `missed` counts the frames between them.

        Raises:
            TimeoutError: No frame came in time; the text says why, where that is known. It is a ReplyTimeoutError.
            SubscriberClosed: The subscriber is closed, or was closed while this waited.
            SubscriberError: Another thread receives, or the subscriber was made before a fork.
            ArgumentError: The timeout is not a number.
        """
        check_seconds("timeout", timeout)
        return self._connection.receive(self.timeout if timeout is None else timeout)

    def fileno(self) -> int:
        """A descriptor that is readable while a frame waits, for select, poll, epoll and the like.

        ::

            import selectors
            from framebus import Subscriber

            with Subscriber("front") as subscriber, selectors.DefaultSelector() as selector:
                selector.register(subscriber, selectors.EVENT_READ)
                while selector.select():
                    frame = subscriber.receive(0)
                    print(frame.seq, len(frame.jpeg), "bytes")

        From the first call on, a thread of the subscriber's own receives the frames. `receive` takes them as before,
        and may raise TimeoutError where `max_age` has passed meanwhile. Read only by calling `receive`, and remove
        the descriptor from pollers before `close`, which closes it.

        Returns:
            The descriptor. It belongs to the subscriber.

        Raises:
            SubscriberClosed: The subscriber is closed.
            SubscriberError: Another thread receives, or the subscriber was made before a fork.
            ResourceError: The process has too few file descriptors left.
        """
        return self._connection.fileno()
