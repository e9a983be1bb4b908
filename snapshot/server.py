"""The snapshot service: keeps the newest frame of every camera and answers requests from it, one after the other."""

import logging

import zmq

from framebus import sockets
from framebus.config import Config
from framebus.process import ProcessError, Stop
from framebus.run_dir import Lock, frames_endpoint, snapshot_endpoint
from framebus.wire import MAX_REQUEST_BYTES, topic
from snapshot.cache import Cache

logger = logging.getLogger("snapshot")

MAX_ENVELOPE_PARTS = 8
"""What a requester puts before its request, to know the reply by, comes back with it; with more, it gets no reply."""
REPLIES_HIGH_WATER_MARK = 16
"""Replies that wait for a requester that does not take them; the rest is dropped, and is that requester's loss."""
MAX_MESSAGE_BYTES = 2 * MAX_REQUEST_BYTES
"""A larger request ends its connection; one just too large is still told so."""
TICK_MS = 1000


class Snapshot:
    """Answers from `start` to `stop`."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._cache = Cache(config)

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
        self._router = sockets.make(self._context, zmq.ROUTER)
        self._router.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        self._router.setsockopt(zmq.SNDHWM, REPLIES_HIGH_WATER_MARK)
        endpoint = snapshot_endpoint(self._config)
        try:
            self._router.bind(endpoint)
        except zmq.ZMQError as error:
            self.stop()
            raise ProcessError(f"cannot answer at {endpoint}: {zmq.strerror(error.errno or 0)}") from None
        self._cameras = {
            sockets.subscriber(self._context, frames_endpoint(self._config, camera), topic("peek", camera)): camera
            for camera in self._config.cameras
        }
        logger.info("answers at %s", endpoint)

    def loop(self, stop: Stop) -> None:
        """Frames first, so that a request is answered with the newest."""
        poller = zmq.Poller()
        for readable in (*self._cameras, self._router, stop):
            poller.register(readable, zmq.POLLIN)
        while not stop.requested:
            ready = dict(poller.poll(TICK_MS))
            for socket, camera in self._cameras.items():
                if socket in ready:
                    self._cache.put(camera, socket.recv())
            if self._router in ready:
                self._serve()
            self._cache.flush_losses()

    def stop(self) -> None:
        """Let go of the endpoint."""
        self._context.destroy()
        self._lock.close()

    def _serve(self) -> None:
        *envelope, request = self._router.recv_multipart()
        if len(envelope) <= MAX_ENVELOPE_PARTS:
            self._router.send_multipart([*envelope, self._cache.answer(request)])
