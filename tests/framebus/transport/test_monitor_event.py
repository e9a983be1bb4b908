"""The same as pyzmq's own parser reads, from a real monitor."""

import zmq
from zmq.utils.monitor import parse_monitor_message

from framebus.transport import monitor_event
from tests.processes import DEADLINE_SECONDS


def test_an_event_is_read_as_pyzmq_reads_it(free_port: int) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.PULL)
    with socket.get_monitor_socket(zmq.EVENT_LISTENING) as monitor:
        socket.bind(f"tcp://127.0.0.1:{free_port}")
        assert monitor.poll(int(DEADLINE_SECONDS * 1000))
        parts = monitor.recv_multipart()
        socket.disable_monitor()
    context.destroy()

    event = monitor_event.parse(parts)
    assert event._asdict() == parse_monitor_message(parts)
    assert event.endpoint == f"tcp://127.0.0.1:{free_port}".encode()
