"""The snapshot service's process: hears every camera, and answers requests for stills from what it has or has made."""

import logging
import math
import time
from typing import Any

import zmq

from framebus.config.load import Config
from framebus.config.tcp_endpoint import TcpEndpoint
from framebus.protocol.wire import MAX_REQUEST_BYTES, Kind
from framebus.runtime.process import ProcessError, Stop
from framebus.runtime.run_dir import Lock, snapshot_endpoint
from framebus.transport import sockets
from framebus.transport.zap_authenticator import ZapAuthenticator
from snapshot.converters import Converters
from snapshot.still_service import StillService
from snapshot.subscriptions import Subscriptions

logger = logging.getLogger("snapshot")

MAX_ENVELOPE_PARTS = 8
"""What a requester puts before its request, to know the reply by, comes back with it; with more, it gets no reply."""
MAX_REQUESTS_AT_ONCE = 64
"""The rest waits for the next turn of the loop: a flood of requests holds up no frame."""
SHARED_FROM = 16
"""Replies at once: pyzmq's way without a copy costs half as much again for each (measured at 162 KB)."""
REPLIES_HIGH_WATER_MARK = 256
"""Replies that wait for a requester that does not take them; the rest is dropped, and is that requester's loss."""
MAX_MESSAGE_BYTES = 2 * MAX_REQUEST_BYTES
"""A larger request ends its connection; one just too large is still told so."""
TICK_SECONDS = 1.0


class Snapshot:
    """Answers from `start` to `stop`."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._service = StillService(config)
        self._checked_at = 0.0
        self._authenticator: ZapAuthenticator | None = None

    def run(self, stop: Stop) -> None:
        """Answer until `stop` is requested. Raises RunDirError and ProcessError when the endpoint cannot be had."""
        self.start()
        try:
            self.loop(stop)
        finally:
            self.stop()

    def start(self) -> None:
        """Take the endpoint, then subscribe to all cameras; these need not run yet."""
        self._lock = Lock(self._config, "snapshot service")  # with a space in it, as no camera may be called that
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._converters = Converters()
        self._router = sockets.make(self._context, zmq.ROUTER)
        self._router.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        self._router.setsockopt(zmq.SNDHWM, REPLIES_HIGH_WATER_MARK)
        endpoint = snapshot_endpoint(self._config)
        try:
            self._router.bind(endpoint)
            if self._config.snapshot.listen is not None:
                endpoint = str(self._config.snapshot.listen)
                self._open_tcp(self._config.snapshot.listen)
        except ProcessError:
            self.stop()
            raise
        except zmq.ZMQError as error:
            self.stop()
            raise ProcessError(f"cannot answer at {endpoint}: {zmq.strerror(error.errno or 0)}") from None
        self._poller = zmq.Poller()
        self._subscriptions = Subscriptions(self._config, self._context, self._poller)
        logger.info("answers at %s", endpoint)

    def loop(self, stop: Stop) -> None:
        """Frames first, so that a request is answered with the newest."""
        guarded = self._authenticator.readable() if self._authenticator is not None else ()
        for readable in (self._router, self._converters, stop, *guarded):
            self._poller.register(readable, zmq.POLLIN)
        while not stop.requested:
            stop.watchdog.feed()
            left = min(TICK_SECONDS, self._service.seconds_left())
            ready: dict[Any, int] = dict(self._poller.poll(math.ceil(left * 1000)))
            if self._authenticator is not None:
                self._authenticator.serve(ready)
            for kind, camera, socket in self._subscriptions.items():
                if socket in ready:
                    self._take(kind, camera, socket.recv())
            if self._converters.fileno() in ready:
                for job, result in self._converters.results():
                    self._service.converted(job, result)
            if self._router in ready:
                self._read_requests()
            self._service.tick()
            self._once_a_second()
            for job in self._service.jobs():
                self._converters.begin(job)
            self._send_replies()
            for camera in self._config.cameras:
                self._subscriptions.need("live", camera, needed=self._service.wants_live(camera))
                self._subscriptions.need("full", camera, needed=self._service.wants_full(camera))

    def stop(self) -> None:
        """Let go of the endpoint."""
        self._converters.close()
        self._context.destroy()
        self._lock.close()

    def _open_tcp(self, endpoint: TcpEndpoint) -> None:
        sockets.limit_tcp(self._router, str(endpoint))
        insecure = self._config.snapshot.insecure_tcp
        self._authenticator = ZapAuthenticator(self._context, self._config.secrets, logger, insecure=insecure)
        self._authenticator.open(self._router, endpoint)

    def _once_a_second(self) -> None:
        now = time.monotonic()
        if now - self._checked_at >= TICK_SECONDS:
            self._checked_at = now
            self._lock.check(snapshot_endpoint(self._config))
            self._subscriptions.check()
            if self._authenticator is not None:
                self._authenticator.tick()

    def _take(self, kind: Kind, camera: str, message: bytes) -> None:
        match kind:
            case "status":
                self._service.status(camera, message)
            case "full":
                self._service.full_frame(camera, message)
            case _:
                self._service.frame(camera, message)

    def _send_replies(self) -> None:
        """A burst without a copy for each asker, as it may wait in the socket; a few are copied, which costs less."""
        replies = list(self._service.replies())
        if len(replies) < SHARED_FROM:
            for envelope, reply in replies:
                self._router.send_multipart([*envelope, reply])
            return
        shared = b""
        for envelope, reply in replies:
            if reply is not shared:
                shared, part = reply, zmq.Frame(reply)
            self._router.send_multipart([*envelope, part], copy=False)

    def _read_requests(self) -> None:
        for _ in range(MAX_REQUESTS_AT_ONCE):
            if not self._router.poll(0):
                return
            *envelope, request = self._router.recv_multipart()
            if len(envelope) <= MAX_ENVELOPE_PARTS:
                self._service.ask(envelope, request)
