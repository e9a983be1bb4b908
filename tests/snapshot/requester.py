"""What the tests of server share."""

import zmq

from framebus import SnapshotError, request_snapshot
from framebus.config.load import Config
from framebus.protocol.wire import ErrorHeader, parse
from framebus.runtime.run_dir import snapshot_endpoint
from tests.conftest import Start
from tests.processes import DEADLINE_SECONDS, Running, wait_until

FRONT = '[camera.front]\nsource = "testcard"\nsize = "160x120"\nidle_fps = 5\n'


REQUEST = b'{"camera":"front"}'


class Asking:
    """A requester with a socket of its own, which the end of the test closes."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()

    def socket(self, kind: int = zmq.DEALER) -> "zmq.Socket[bytes]":
        """Connected to the service."""
        made = self._context.socket(kind)
        made.linger = 0
        made.connect(snapshot_endpoint(self.config.run_dir))
        self._socket = made
        return made

    def request(self, *parts: bytes) -> list[bytes]:
        """Send the parts on a socket of their own; returns the parts of the reply."""
        with self.socket() as asking:
            asking.send_multipart(parts)
            return reply(asking)

    def refused(self, request: bytes) -> tuple[str, str]:
        """The code and the sentence of the service's refusal."""
        _, header = parse(self.request(request)[-1], ErrorHeader)
        return header.code, header.message

    def close(self) -> None:
        """Close all sockets."""
        self._context.destroy(linger=0)


def reply(asking: "zmq.Socket[bytes]", seconds: float = DEADLINE_SECONDS) -> list[bytes]:
    """The parts of the next reply. Raises TimeoutError."""
    if not asking.poll(int(seconds * 1000)):
        raise TimeoutError(f"no reply within {seconds:g} s")
    return asking.recv_multipart()


def answers(start: Start, config: Config) -> Running:
    """The service, once its endpoint is there."""
    running = start("snapshot", config=config)
    running.wait_for(f"answers at {snapshot_endpoint(config.run_dir)}")
    return running


def still_of(config: Config, camera: str = "front") -> bytes:
    """The picture, once the service has one."""

    def taken() -> bytes:
        try:
            return request_snapshot(camera, config=config.path, timeout=DEADLINE_SECONDS).jpeg
        except SnapshotError as error:
            if error.code not in ("no-frame", "stale"):
                raise
            return b""

    wait_until(taken, "a still")
    return taken()
