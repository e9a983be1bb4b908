"""The subscription of the recorder: every frame in order, in the bytes in which it came."""

from pathlib import Path

import zmq

from framebus.protocol.wire import pack
from framebus.transport.endpoints import Endpoint
from recorder.frame_receiver import MAX_AT_ONCE, FrameReceiver
from recorder.incoming_frame import IncomingFrame
from tests.framebus.golden.make import JPEG
from tests.framebus.publisher import Publisher, frame_header
from tests.processes import wait_until


def test_every_frame_comes_and_those_that_are_lost_are_counted(run_dir: Path) -> None:
    endpoint = f"ipc://{run_dir}/front.frames"
    publisher = Publisher(endpoint)
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    receiver = FrameReceiver(context, "front", Endpoint(endpoint), "live")
    try:
        assert receiver.receive() == []
        receiver.open()
        assert publisher.subscription() == b"\x01live/front\n"
        later = pack("live", "front", frame_header(1), JPEG).replace(b'{"v":1', b'{"later":7,"v":1')
        publisher.send_message(later)
        for seq in (2, 2, 3, 6):
            publisher.send(seq)
        publisher.send_message(b"live/front\nnonsense\n")
        found: list[IncomingFrame] = []

        def all_came() -> bool:
            found.extend(receiver.receive())
            return len(found) == 4

        wait_until(all_came, "four frames come")

        assert [frame.header.seq for frame in found] == [1, 2, 3, 6]
        assert found[0].header_json == later.split(b"\n")[1]
        assert found[0].jpeg == JPEG
        assert found[0].size == len(JPEG) + len(found[0].header_json)
        assert receiver.missed == 2

        for seq in range(7, 7 + 2 * MAX_AT_ONCE):
            publisher.send(seq)
        wait_until(lambda: receiver.socket is not None and receiver.socket.poll(0), "frames wait")
        assert len(receiver.receive()) <= MAX_AT_ONCE
        receiver.tick()
        receiver.close()
        assert receiver.receive() == []
        wait_until(publisher.is_heard, "it unsubscribes")
        assert publisher.subscription() == b"\x00live/front\n"
    finally:
        receiver.close()
        context.destroy()
        publisher.close()
