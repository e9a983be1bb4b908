"""The newest frame of a camera, for a program that is not asyncio. See async_subscriber for one that is."""

import os
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Literal, Self

import zmq

from framebus.client.frame_filter import FrameFilter
from framebus.config import load as configuration
from framebus.protocol.frame import Frame
from framebus.protocol.wire import CAMERA_ALLOWED, is_camera_name, topic
from framebus.transport import endpoints, sockets
from framebus.transport.endpoints import Endpoint


def endpoint_of(
    camera: str, endpoint: str | None, server_key: str | None, config: str | os.PathLike[str] | None
) -> Endpoint:
    """Where to subscribe: the endpoint as given, else the camera's own by the configuration.

    Raises ValueError for a name that no camera can have and for what is no key, and ConfigError.
    """
    if not is_camera_name(camera):
        raise ValueError(f"camera {camera!r}: allowed are {CAMERA_ALLOWED}")
    if endpoint is not None:
        return endpoints.named(endpoint, server_key, config)
    return endpoints.frames(configuration.load(config, keys=False), camera)


class Subscriber:
    """Yields the newest frame of a camera, however slow the loop around it; what it misses is counted.

    It may be made before the camera's process runs, and goes on by itself after that was restarted. For one thread.

        for frame in Subscriber("front"):
            look_at(frame.jpeg)

    Close it with `close` or by leaving a `with` block.
    """

    def __init__(
        self,
        camera: str,
        *,
        kind: Literal["live", "peek"] = "live",
        timeout: float | None = None,
        endpoint: str | None = None,
        server_key: str | None = None,
        config: str | os.PathLike[str] | None = None,
    ) -> None:
        """`kind` "peek" takes what comes at the idle rate and leaves the camera idle; "live" wakes it.

        `timeout` is how many seconds to wait for a frame; None waits for ever. `endpoint` is for a camera of another
        machine, such as "tcp://10.0.0.7:5555", and `server_key` that machine's public key, where it has one; this
        machine's own is in the secrets file of the configuration. Otherwise the configuration says where the camera is.

        Raises ValueError for a name that no camera can have and for what is no key, ConfigError, also when there is no
        key of this machine, and zmq.ZMQError for a bad endpoint.
        """
        where = endpoint_of(camera, endpoint, server_key, config)
        self.camera = camera
        self.timeout = timeout
        self._frame_filter = FrameFilter(same_host=where.same_host)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        try:
            self._socket = sockets.subscriber(self._context, where, topic(kind, camera))
        except zmq.ZMQError:
            self._context.destroy()
            raise

    @property
    def missed(self) -> int:
        """Frames that were published but not handed over, since the start."""
        return self._frame_filter.missed

    def receive(self, timeout: float | None = None) -> Frame:
        """The next frame, which is the newest there is.

        `timeout` in seconds, instead of the subscriber's own. Raises TimeoutError when no frame came.
        """
        seconds = self.timeout if timeout is None else timeout
        deadline = None if seconds is None else time.monotonic() + seconds
        while True:
            left_ms = None if deadline is None else max(0, int((deadline - time.monotonic()) * 1000))
            if not self._socket.poll(left_ms):
                raise TimeoutError(f"no frame of camera {self.camera} within {seconds:g} s")
            frame = self._frame_filter.accept(self._socket.recv())
            if frame is not None:
                return frame

    def __iter__(self) -> Iterator[Frame]:
        while True:
            yield self.receive()

    def close(self) -> None:
        """Let go of the socket. May be called twice."""
        self._context.destroy()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
