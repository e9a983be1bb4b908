"""A still: the frame that it is made from, and the reply that it becomes."""

import pytest

from framebus.protocol.frame import Frame
from framebus.protocol.wire import FrameHeader, pack, parse
from snapshot.still import Still
from tests.framebus.golden.make import FRAME, JPEG


def test_a_still_has_the_header_and_the_picture_of_its_frame() -> None:
    still = Still.of(Frame(FRAME, JPEG, missed=3, same_host=False))

    assert still == Still(FRAME, JPEG)


def test_the_reply_is_a_snapshot_message_of_the_camera() -> None:
    reply = Still(FRAME, JPEG).reply

    assert reply == pack("snapshot", "front", FRAME, JPEG)
    message, header = parse(reply, FrameHeader)
    assert (message.kind, message.camera, message.body, header) == ("snapshot", "front", JPEG, FRAME)


def test_a_still_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Still(FRAME, JPEG).jpeg = b""  # type: ignore[misc]
