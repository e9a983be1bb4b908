"""What stands where the snapshot service would, and answers as the test says."""

import threading
from collections.abc import Callable

import zmq

from framebus.runtime.process import Stop
from framebus.transport import sockets


class StillService(threading.Thread):
    """Gives every request to `answer`, and sends what that returns; for None it stays silent. Closed by its maker."""

    def __init__(self, endpoint: str, answer: Callable[[bytes], bytes | None]) -> None:
        super().__init__(name="still-service")
        self.requests: list[list[bytes]] = []
        """What came, with the envelope but without the routing id."""
        self._answer = answer
        self._end = Stop()
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = sockets.make(self._context, zmq.ROUTER)
        self._socket.bind(endpoint)
        self.start()

    def run(self) -> None:
        """Answer until `close`."""
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        poller.register(self._end, zmq.POLLIN)
        while not self._end.requested:
            if self._socket in dict(poller.poll()):
                *envelope, request = self._socket.recv_multipart()
                self.requests.append([*envelope[1:], request])
                reply = self._answer(request)
                if reply is not None:
                    self._socket.send_multipart([*envelope, reply])

    def close(self) -> None:
        """Stop answering."""
        self._end.request()
        self.join()
        self._context.destroy()
