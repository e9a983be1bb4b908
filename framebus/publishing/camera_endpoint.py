"""The endpoint at which a camera's frames and status are published: who subscribes, what each is sent, and when."""

import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeGuard

import msgspec
import zmq

from framebus.config.camera import CameraConfig
from framebus.config.tcp_endpoint import TcpEndpoint
from framebus.protocol.renditions import RENDITIONS, Rendition
from framebus.protocol.wire import VERSION, Kind, State, StatusHeader, pack, retopic
from framebus.publishing.condition import Condition
from framebus.publishing.fps_meter import FpsMeter
from framebus.publishing.frame_builder import Published
from framebus.publishing.high_water_mark import high_water_mark
from framebus.publishing.rendition_thread import RenditionThread
from framebus.publishing.resend import max_age_seconds
from framebus.publishing.subscription_limit import (
    ALLOWED,
    FLOODS,
    MAX_SUBSCRIPTION_BYTES,
    MAX_SUBSCRIPTIONS_AT_ONCE,
    MAX_WAITING_SUBSCRIPTIONS,
    SubscriptionLimit,
)
from framebus.publishing.subscriptions import Subscriptions
from framebus.publishing.wanted_fps import wanted_fps
from framebus.runtime.host_clock import host_monotonic
from framebus.runtime.process import ProcessError
from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.runtime.run_dir import Lock, frames_endpoint, share_socket
from framebus.runtime.thinning import Thinning
from framebus.transport import sockets
from framebus.transport.process_context import check_descriptors, exhaustion
from framebus.transport.zap_authenticator import ZapAuthenticator

STATUS_INTERVAL_SECONDS = 1.0
POLLIN = int(zmq.POLLIN)
"""An operation with the enumeration of pyzmq makes a new member of it each time."""
LAST_WORDS_MS = 500
"""How long the end of the process waits for the last status to be sent."""
PEEK_FPS_WHEN_CLOSED = 1.0
"""With idle_fps = 0, the rate of peek/ while live/ has subscribers."""
PEEK_JITTER = 0.75
"""A frame that comes a little early still counts as the next one for peek/."""
LIVE_FIRST_SECONDS = 0.005
"""While live/ has subscribers, a frame is made smaller this much later, so that it is delivered first.

Measured on two cores with 20 viewers of live/: p50 of their ages 2.6 ms without renditions, 3.8 ms with those made at
once, 2.5 ms with those made after this time. A lower priority of the thread changed nothing."""
LOOK_SECONDS = 0.1
"""How often `has_work` looks for subscriptions. All but a few make the socket readable, and need no look."""


class CameraEndpoint:
    """Publishes the frames of one camera, from `open` to `close`. For one thread at a time."""

    def __init__(
        self,
        camera: str,
        settings: CameraConfig,
        run_dir: Path,
        *,
        secrets: Path,
        group: str | None,
        epoch: str,
        want_full: Callable[[], None],
        log: logging.Logger,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            camera: its name.
            settings: its table of the configuration.
            run_dir: the folder of the sockets.
            secrets: the file of keys, for its tcp endpoints; it need not be there.
            group: the members of it may connect, too; None for no group.
            epoch: the id of this run of the publisher.
            want_full: called when a program subscribes to a picture of full size.
            log: of the process.
        """
        self.newest: Published | None = None
        """The last live frame."""
        self._camera = camera
        self._settings = settings
        self._run_dir = run_dir
        self._secrets = secrets
        self._group = group
        self._epoch = epoch
        self._want_full = want_full
        self._log = log
        self._losses = RateLimitedLog(log)
        self._subscriptions = Subscriptions(camera)
        self._subscription_limit = SubscriptionLimit()
        self._rendition_thread = RenditionThread(camera, self._settings.rendition_quality)
        self._rendition_thinning = Thinning(self._settings.rendition_fps)
        self._newest_renditions: dict[Kind, Published] = {}
        self._held: Published | None = None
        """The newest frame, where it came too early for `rendition_fps`; it is made smaller unless another follows."""
        self._held_due = 0.0
        self._fps_meter = FpsMeter()
        self._published_at = 0.0
        """When `newest` was published, and below the kinds that had subscribers then."""
        self._published_for: frozenset[Kind] = frozenset()
        self._looked_at = float("-inf")
        self._context: zmq.Context[zmq.Socket[bytes]] | None = None
        self._authenticator: ZapAuthenticator | None = None
        self._lock: Lock | None = None
        self._checked: tuple[str, ...] = ()
        self._peeked_at = float("-inf")
        self._peek_seconds = PEEK_JITTER / (settings.idle_fps or PEEK_FPS_WHEN_CLOSED)
        self.told: tuple[State, str] = ("starting", "")
        """State and reason of the last status."""
        self._since = time.time()
        self._status_due = 0.0

    def open(self) -> None:
        """Bind the endpoint; `close` anyway.

        Raises RunDirError where another process has it, ProcessError, and ResourceError where too few file descriptors
        are left.
        """
        self._lock = Lock(self._run_dir, self._camera)
        with exhaustion():
            self._open()

    def _open(self) -> None:
        check_descriptors()  # libzmq aborts the process where it finds none
        self._context = zmq.Context()
        self._socket = sockets.make(self._context, zmq.XPUB)
        self._socket.setsockopt(zmq.XPUB_VERBOSE, 1)
        self._socket.setsockopt(zmq.SNDHWM, high_water_mark(self._settings.size, self._settings.fps))
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_SUBSCRIPTION_BYTES)
        self._socket.setsockopt(zmq.RCVHWM, MAX_WAITING_SUBSCRIPTIONS)
        self.bind(self._socket, frames_endpoint(self._run_dir, self._camera))
        if self._settings.publish is not None:
            self.bind_tcp(self._socket, self._settings.publish, self._settings.sndbuf)

    @property
    def context(self) -> "zmq.Context[zmq.Socket[bytes]]":
        """The ZeroMQ context of the camera's sockets, once it is open."""
        assert self._context is not None
        return self._context

    def bind(self, socket: "zmq.Socket[bytes]", endpoint: str) -> None:
        """Bind a socket of the camera on this machine. Raises ProcessError."""
        self._bind_ipc(socket, endpoint)
        self._checked += (endpoint,)

    def bind_tcp(self, socket: "zmq.Socket[bytes]", endpoint: TcpEndpoint, sndbuf_bytes: int | None = None) -> None:
        """Bind a socket of the camera for other machines, encrypted unless the configuration says otherwise.

        To be called after `bind`. Raises ProcessError.
        """
        try:
            sockets.limit_tcp(socket, str(endpoint), sndbuf_bytes)
            if self._authenticator is None:
                insecure = self._settings.insecure_tcp
                self._authenticator = ZapAuthenticator(self.context, self._secrets, self._log, insecure=insecure)
            self._authenticator.open(socket, endpoint)
        except zmq.ZMQError as error:
            raise ProcessError(f"cannot publish at {endpoint}: {zmq.strerror(error.errno or 0)}") from None

    def readable(self) -> Iterable[Any]:
        """What a poller has to wait for, and no longer than `due_in`; `serve` follows.

        The first is the descriptor of the socket: a poller would use a socket itself, while another thread publishes.
        """
        guarded = self._authenticator.readable() if self._authenticator is not None else ()
        return (self._socket.get(zmq.FD), self._rendition_thread, *guarded)

    @property
    def has_work(self) -> bool:
        """Whether `serve` has something to do, now or soon, that no descriptor tells. To be asked after `publish`."""
        if self._held is not None or self._published_at - self._looked_at < LOOK_SECONDS:
            return self._held is not None
        self._looked_at = self._published_at
        return self._has_subscriptions

    @property
    def _has_subscriptions(self) -> bool:
        """Whether subscriptions wait. Those that came before the last use of the socket may not make it readable."""
        return bool(int(self._socket.get(zmq.EVENTS)) & POLLIN)

    @property
    def due_in(self) -> float:
        """Seconds until `serve` or `tell` has something to do although nothing is ready; may be negative."""
        if self._has_subscriptions:
            return 0.0
        return self.status_due_in if self._held is None else min(self.status_due_in, self._held_due - time.monotonic())

    @property
    def status_due_in(self) -> float:
        """Seconds until `tell` sends a status although nothing has changed; may be negative."""
        return self._status_due - time.monotonic()

    def serve(self, ready: Mapping[Any, int]) -> None:
        """Do what the poller found ready."""
        if self._authenticator is not None:
            self._authenticator.serve(dict(ready))
        self._serve_subscriptions()
        if self._rendition_thread.fileno() in ready:
            for frame in self._rendition_thread.take():
                self._newest_renditions[frame.kind] = frame
                self._send(frame.kind, frame)
        if self._held is not None and time.monotonic() >= self._held_due:
            self._rendition_thinning.took(time.monotonic())
            self._offer(self._held)

    def wants(self, kind: Kind) -> bool:
        """Whether what is sent under this kind has a subscriber."""
        return self._subscriptions.wants(kind)

    @property
    def wanted_renditions(self) -> list[Rendition]:
        """The renditions that have subscribers."""
        return [rendition for rendition in RENDITIONS if self.wants(rendition)]

    @property
    def watched(self) -> bool:
        """Whether live/ or a rendition has subscribers."""
        return self.wants("live") or bool(self.wanted_renditions)

    @property
    def wanted_fps(self) -> float:
        """What the subscribers need."""
        return wanted_fps(self._settings, self._subscriptions.wanted)

    def publish(self, frame: Published) -> None:
        """Send a frame to those who want it."""
        if frame.kind == "full":
            self._send("full", frame)
            return
        self.newest = frame if frame.scaled is None else frame.without_pixels()
        self._published_at = now = time.monotonic()
        self._published_for = wanted = self._subscriptions.wanted
        self._fps_meter.count(now)
        if "live" in wanted:
            self._send("live", frame)
        if not wanted.isdisjoint(RENDITIONS):
            self._publish_renditions(frame, now)
        if "peek" in wanted and now - self._peeked_at > self._peek_seconds:
            self._peeked_at = now
            self._send("peek", frame)

    def _publish_renditions(self, frame: Published, now: float) -> None:
        if self._rendition_thinning.take(now):  # not by the frame's own clock, which a program may choose
            self._offer(frame)
        else:
            self._held = frame
            self._held_due = now + self._rendition_thinning.wait_seconds(now)

    def tell(self, condition: Condition) -> bool:
        """Send the status, where it has changed or is due; returns whether a second has passed since the last time.

        Raises RunDirError where the endpoint's files were deleted.
        """
        due = self.status_due_in <= 0
        if not due and (condition.state, condition.reason) == self.told:
            return False
        self._status_due = time.monotonic() + STATUS_INTERVAL_SECONDS
        if self._lock is not None:
            self._lock.check(*self._checked)
        self._rendition_thread.flush_log()
        self._losses.flush()
        if self._authenticator is not None:
            self._authenticator.tick()
        self._send_status(condition)
        return True

    def tell_last(self, condition: Condition) -> None:
        """Send the last status before the end."""
        self._socket.setsockopt(zmq.LINGER, LAST_WORDS_MS)
        self._send_status(condition)

    def close(self) -> None:
        """Release everything; also after `open` has failed."""
        self._rendition_thread.stop()
        if self._context is not None:
            self._context.destroy()
        if self._lock is not None:
            self._lock.close()

    def _bind_ipc(self, socket: "zmq.Socket[bytes]", endpoint: str) -> None:
        try:
            socket.bind(endpoint)
        except zmq.ZMQError as error:
            raise ProcessError(f"cannot publish at {endpoint}: {zmq.strerror(error.errno or 0)}") from None
        share_socket(endpoint, self._group)

    def _serve_subscriptions(self) -> None:
        for _ in range(MAX_SUBSCRIPTIONS_AT_ONCE):
            if not self._has_subscriptions:
                self._subscription_limit.pause()
                break
            for part in self._socket.recv_multipart():  # ZeroMQ takes each part for a subscription of its own
                self._subscription_limit.note(part)
                for kind in self._subscriptions.take(part):
                    self._send_again(kind)
        if self._subscription_limit.is_exceeded:
            self._disconnect_subscribers()

    def _disconnect_subscribers(self) -> None:
        """End a flood; those that want frames connect again.

        Raises ProcessError where that is not possible: an ipc endpoint cannot be bound after a tcp one, whose options
        it would have, such as the key.
        """
        self._losses.count(FLOODS, ALLOWED)
        limit, take = self._subscription_limit, self._subscriptions.take
        if self._authenticator is not None and self._settings.publish is not None:
            self._authenticator.unbind(self._socket)  # until the next tick
            limit.drain(self._socket, lambda: not limit.is_exceeded, take)
            if limit.is_exceeded:
                raise ProcessError(f"a flood of subscriptions from this machine; {ALLOWED}")
            return
        endpoint = frames_endpoint(self._run_dir, self._camera)
        limit.unbind(self._socket, endpoint, take)
        self._bind_ipc(self._socket, endpoint)
        if self._lock is not None:
            self._lock.bound_again(endpoint)

    def _send_again(self, kind: Kind) -> None:
        if kind == "status":
            self._status_due = 0.0
        elif kind == "full":
            self._want_full()
        elif kind in RENDITIONS:
            self._send_rendition_again(kind)
        elif self._is_fresh(self.newest):
            self._send(kind, self.newest)

    def _offer(self, frame: Published) -> None:
        """Have the renditions made that are wanted."""
        self._held = None
        renditions = self.wanted_renditions
        if renditions:
            after_seconds = LIVE_FIRST_SECONDS if self.wants("live") else 0.0
            self._rendition_thread.offer(frame, renditions, after_seconds=after_seconds)

    def _send_rendition_again(self, rendition: Rendition) -> None:
        """Send the newest frame, made smaller before or now."""
        if not self._is_fresh(self.newest):
            return
        made = self._newest_renditions.get(rendition)
        if made is not None and made.header.seq == self.newest.header.seq:
            self._send(rendition, made)
        else:
            self._rendition_thread.offer(self.newest, [rendition])

    def _is_fresh(self, frame: Published | None) -> TypeGuard[Published]:
        if frame is None:
            return False
        measured_fps = self._fps_meter.per_second(self._published_at)
        wanted = wanted_fps(self._settings, self._published_for)
        return host_monotonic() - frame.header.monotonic < max_age_seconds(self._settings.fps, measured_fps, wanted)

    def _send(self, kind: Kind, frame: Published) -> None:
        self._socket.send(frame.message if kind == frame.kind else retopic(frame.message, kind, self._camera))

    def _send_status(self, condition: Condition) -> None:
        if condition.state != self.told[0]:
            self._since = time.time()
        self.told = (condition.state, condition.reason)
        self._socket.send(pack("status", self._camera, self._status(condition)))

    @property
    def _refused(self) -> int | msgspec.UnsetType:
        authenticator = self._authenticator
        return authenticator.refused if authenticator is not None and authenticator.guards else msgspec.UNSET

    def _status(self, condition: Condition) -> StatusHeader:
        newest = self.newest.header if self.newest else None
        return StatusHeader(
            v=VERSION,
            camera=self._camera,
            state=condition.state,
            reason=condition.reason,
            since=round(self._since, 6),
            epoch=self._epoch,
            pid=os.getpid(),
            source=condition.source,
            seq=newest.seq if newest else 0,
            captured=newest.captured if newest else None,
            monotonic=newest.monotonic if newest else None,
            width=newest.width if newest else 0,
            height=newest.height if newest else 0,
            fps=round(self._fps_meter.per_second(time.monotonic()), 2),
            watched=self.watched,
            dropped=condition.dropped,
            bad=condition.bad,
            refused=self._refused,
            orientation=newest.orientation if newest else msgspec.UNSET,
            renditions=self._rendition_thread.counts,
        )
