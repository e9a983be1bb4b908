"""Receives the frames of a camera for the recorder, each of them, while they are needed."""

from dataclasses import dataclass, field

import zmq

from framebus.client.frame_filter import FrameFilter
from framebus.protocol.wire import Kind, topic
from framebus.transport import sockets
from framebus.transport.endpoints import Endpoint
from framebus.transport.reconnecting_socket import ReconnectingSocket
from recorder.incoming_frame import IncomingFrame

QUEUE_FRAMES = 300
"""Frames that wait in the socket; ten seconds at 30 fps. The recorder takes them at once unless the machine is busy."""
MAX_AT_ONCE = 32
"""Frames of one camera that are taken in a row, so that the others have their turn."""


@dataclass(slots=True)
class FrameReceiver:
    """The frames of one camera. Closed by its owner."""

    context: "zmq.Context[zmq.Socket[bytes]]"
    camera: str
    endpoint: Endpoint
    kind: Kind
    missed: int = 0
    """Frames that were published and did not arrive."""
    socket: ReconnectingSocket | None = None
    _filter: FrameFilter = field(init=False)

    def __post_init__(self) -> None:
        self._filter = FrameFilter(same_host=self.endpoint.same_host)

    def open(self) -> ReconnectingSocket:
        """Subscribe: the camera runs at its rate from now on."""
        self.socket = sockets.subscriber(self.context, self.endpoint, topic(self.kind, self.camera), QUEUE_FRAMES)
        self._filter = FrameFilter(same_host=self.endpoint.same_host)
        return self.socket

    def close(self) -> None:
        """Unsubscribe."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def receive(self) -> list[IncomingFrame]:
        """The frames that have arrived, MAX_AT_ONCE at most."""
        frames: list[IncomingFrame] = []
        while self.socket is not None and len(frames) < MAX_AT_ONCE:
            try:
                message = self.socket.recv(zmq.NOBLOCK)
            except zmq.Again:
                break
            frame = self._filter.accept(message)
            if frame is not None:
                if self.kind == "live":  # of a rendition, gaps are normal
                    self.missed += frame.missed
                first = message.index(b"\n") + 1
                frames.append(IncomingFrame(frame.header, message[first : message.index(b"\n", first)], frame.jpeg))
        return frames

    def tick(self) -> None:
        """Connect again where libzmq gave up, and log losses. To be called about once a second."""
        if self.socket is not None:
            self.socket.check()
        self._filter.losses.flush()
