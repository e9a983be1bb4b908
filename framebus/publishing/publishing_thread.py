"""The thread that serves the endpoint of a publisher, whatever the program around it does meanwhile."""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import zmq

from framebus.config.camera import CameraConfig
from framebus.protocol.wire import State
from framebus.publishing.camera_endpoint import CameraEndpoint
from framebus.publishing.condition import Condition
from framebus.publishing.frame_builder import Published
from framebus.runtime.process import ProcessError
from framebus.runtime.run_dir import RunDirError

logger = logging.getLogger("framebus")

END_SECONDS = 2.0
"""How long `close` waits for the thread, which sends the last status."""
PEEK_JITTER = 0.75
"""An idle frame that comes a little early still counts as the next one."""


class PublishingThread:
    """Owns the endpoint of one camera. Everything but the thread itself may be called from any thread."""

    def __init__(
        self,
        camera: str,
        settings: CameraConfig,
        run_dir: Path,
        *,
        secrets: Path,
        group: str | None,
        epoch: str,
        source: str,
    ) -> None:
        """Bind the endpoint and start. Raises RunDirError, ProcessError, ResourceError, zmq.ZMQError and OSError.

        Args:
            camera: its name.
            settings: its table of the configuration.
            run_dir: the folder of the sockets.
            secrets: the file of keys, for its tcp endpoints; it need not be there.
            group: the members of it may connect, too; None for no group.
            epoch: the id of this run of the publisher.
            source: what the status calls the source.
        """
        self.bad = 0
        """Pictures that were refused."""
        self.source = source
        self.dropped = 0
        self._settings = settings
        self._changed = threading.Condition()
        self._waiting: list[Published] = []
        self._full_wanted = False
        self._reason = ""
        self._closing = False
        self._ended = False
        self._failure = ""
        self._watched = False
        self._watched_since = 0.0
        self._published_at = time.monotonic()
        self._listeners: list[Callable[[], None]] = []
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        try:
            self._endpoint = CameraEndpoint(
                camera,
                settings,
                run_dir,
                secrets=secrets,
                group=group,
                epoch=epoch,
                want_full=self._want_full,
                log=logger,
            )
            try:
                self._endpoint.open()
            except BaseException:
                self._endpoint.close()
                raise
        except BaseException:
            os.close(self._wake)
            raise
        self._thread = threading.Thread(target=self._run, name=f"publish-{camera}", daemon=True)
        self._thread.start()

    @property
    def failure(self) -> str:
        """Why nothing is published any more; empty while all is well."""
        return self._failure

    @property
    def watched(self) -> bool:
        """Whether a frame is wanted now."""
        return self._watched or self._idle_is_due()

    def wait_watched(self, seconds: float | None) -> bool:
        """Wait until a frame is wanted; returns whether one is. Ends early when the thread does."""
        deadline = None if seconds is None else time.monotonic() + seconds
        with self._changed:
            while not (self.watched or self._closing or self._failure):
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return False
                self._changed.wait(self.idle_pause if left is None else min(self.idle_pause, left))
            return self.watched

    @property
    def idle_pause(self) -> float:
        """Seconds after which to look again whether a frame is wanted: an idle one comes due by the clock alone."""
        return min(1.0, 1 / self._settings.idle_fps) if self._settings.idle_fps else 60.0

    @contextlib.contextmanager
    def listening(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call back, in the thread, whenever it changes whether the camera is watched, and at the end."""
        with self._changed:
            self._listeners.append(callback)
        try:
            yield
        finally:
            with self._changed:
                self._listeners.remove(callback)

    def publish(self, frame: Published) -> bool:
        """Hand over a frame; waits until the one before was sent. Returns False, and does nothing, after the end."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting or self._closing or self._failure)
            if self._closing or self._failure:
                return False
            self._reason = ""
            self._waiting.append(frame)
            self._published_at = time.monotonic()
            self._notify()
            return True

    def offline(self, reason: str) -> None:
        """Tell that there will be no frames, until the next one. Does nothing after the end."""
        with self._changed:
            if self._closing or self._failure:
                return
            self._reason = reason
            self._notify()

    def close(self, last_words: str) -> None:
        """Tell why, end the thread and release the endpoint. May be called more than once."""
        with self._changed:
            if self._closing:
                return
            if not self._failure:
                self._reason = last_words
            self._closing = True
            self._changed.notify_all()
            self._notify()
        self._call_back()
        if threading.current_thread() is not self._thread:  # where the garbage collector may drop a publisher
            self._thread.join(END_SECONDS)

    def _notify(self) -> None:
        """Wake the thread, if it has not ended. Only with the lock: the thread closes the descriptor under it."""
        if not self._ended:
            os.eventfd_write(self._wake, 1)

    def _want_full(self) -> None:
        self._full_wanted = True

    def _idle_is_due(self) -> bool:
        fps = self._settings.idle_fps
        if fps <= 0 or not self._endpoint.wants("peek"):
            return False
        return time.monotonic() - self._published_at > PEEK_JITTER / fps

    def _run(self) -> None:
        try:
            self._serve()
        except (RunDirError, ProcessError, zmq.ZMQError) as error:
            self._fail(str(error))
        except BaseException as error:
            logger.exception("publishing has failed")
            self._fail(f"{type(error).__name__}: {error}")
        finally:
            with self._changed:
                self._ended = True
                os.close(self._wake)
            self._endpoint.close()

    def _fail(self, reason: str) -> None:
        with self._changed:
            self._failure = reason
            self._changed.notify_all()
        self._call_back()

    def _serve(self) -> None:
        poller = zmq.Poller()
        for readable in (self._wake, *self._endpoint.readable()):
            poller.register(readable, zmq.POLLIN)
        while not self._closing or self._waiting:
            ready: dict[Any, int] = dict(poller.poll(max(0, int(self._endpoint.due_in * 1000) + 1)))
            self._endpoint.serve(ready)
            if self._wake in ready:
                os.eventfd_read(self._wake)
                self._send()
            self._note_demand()
            self._endpoint.tell(self._condition())
        self._endpoint.tell_last(self._condition("offline"))

    def _send(self) -> None:
        with self._changed:
            frames, self._waiting = self._waiting, []
            self._changed.notify_all()
        for frame in frames:
            self._endpoint.publish(frame)
            if self._full_wanted:
                self._full_wanted = False
                self._endpoint.publish(frame.as_full())

    def _note_demand(self) -> None:
        watched = self._endpoint.watched or self._endpoint.wants("full")
        if watched == self._watched:
            return
        with self._changed:
            self._watched, self._watched_since = watched, time.monotonic()
            self._changed.notify_all()
        self._call_back()

    def _call_back(self) -> None:
        with self._changed:
            listeners = list(self._listeners)
        for callback in listeners:
            callback()

    def _condition(self, state: State | None = None) -> Condition:
        if state is None:
            state, reason = self._judge()
        else:
            reason = self._reason
        return Condition(state, reason, self.source, self.dropped, self.bad)

    def _judge(self) -> tuple[State, str]:
        """The state, and why."""
        if self._reason:
            return "offline", self._reason
        now = time.monotonic()
        limit = self._settings.stall_timeout + 2 / self._settings.fps
        silent = now - max(self._published_at, self._watched_since)
        if self._watched and silent > limit:
            return "offline", f"the program has published nothing for {limit:.0f} s"
        if not self._watched:
            return "idle", "nothing is published while there are no viewers"
        if self._endpoint.newest is None:
            return "starting", "the program has published nothing yet"
        return "live", ""
