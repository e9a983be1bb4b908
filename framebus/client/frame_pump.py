"""The thread of a subscriber that has a descriptor for pollers: the descriptor is readable while a frame waits."""

import os
import threading
from collections.abc import Callable

from framebus.client.frame_box import FrameBox
from framebus.protocol.frame import Frame


class FramePump:
    """Receives frames in a thread of its own.

    The descriptor of a ZeroMQ socket is edge-triggered (zmq_getsockopt(3), ZMQ_FD), so that pollers would sleep while
    frames wait. This one is level-triggered, as that of any other socket is.
    """

    def __init__(
        self, camera: str, receive: Callable[[], Frame], too_old: Callable[[Frame], bool], *, keep_all: bool
    ) -> None:
        """Start the thread.

        Args:
            camera: for the name of the thread.
            receive: waits for the next frame, and raises an exception to end the thread.
            too_old: whether a frame is not wanted any more.
            keep_all: wait until each frame was taken, in place of replacing it by the next one.
        """
        self._descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._changed = threading.Condition()
        self._box = FrameBox(too_old)
        self._receive = receive
        self._keep_all = keep_all
        self._closed = False
        self._failure: BaseException | None = None
        threading.Thread(target=self._run, name=f"frames-{camera}", daemon=True).start()

    @property
    def skipped(self) -> int:
        """Frames that were received and not handed over."""
        return self._box.skipped

    def fileno(self) -> int:
        """Readable while a frame waits, and once there will be no more."""
        return self._descriptor

    def take(self, seconds: float | None) -> Frame | None:
        """Wait for a frame; None when the time is over. Raises what ended the thread."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._box.is_full or self._failure or self._closed, seconds):
                return None
            if not self._box.is_full:
                if self._failure is not None:
                    raise self._failure
                return None
            frame = self._box.take()
            if self._failure is None:
                os.eventfd_read(self._descriptor)
            self._changed.notify_all()
            return frame

    def close(self) -> None:
        """Close the descriptor. The thread ends when `receive` raises; a reader that waits gets None."""
        with self._changed:
            if not self._closed:
                self._closed = True
                os.eventfd_write(self._descriptor, 1)  # closing alone does not wake a poll that waits for it
                os.close(self._descriptor)
                self._box.clear()
            self._changed.notify_all()

    def _run(self) -> None:
        try:
            while True:
                self._put(self._receive())
        except BaseException as error:  # for the reader: SubscriberClosed, or what libzmq raised
            with self._changed:
                self._failure = error
                if not self._closed and not self._box.is_full:
                    os.eventfd_write(self._descriptor, 1)
                self._changed.notify_all()

    def _put(self, frame: Frame) -> None:
        with self._changed:
            if self._keep_all:
                self._changed.wait_for(lambda: self._closed or not self._box.is_full)
            if self._closed:
                return
            if not self._box.is_full:
                os.eventfd_write(self._descriptor, 1)
            self._box.put(frame)
            self._changed.notify_all()
