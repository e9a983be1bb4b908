"""Which messages become frames, and how many are said to be missing."""

import logging
import pickle

import pytest

from framebus.client.frame_filter import FrameFilter
from framebus.protocol.frame import Frame
from framebus.protocol.wire import pack
from tests.framebus.golden.make import JPEG, from_later_now
from tests.framebus.publisher import frame_header


def message(seq: int, epoch: str = "first") -> bytes:
    """A frame of camera front."""
    return pack("live", "front", frame_header(seq, epoch=epoch), JPEG)


def handed_over(frame_filter: FrameFilter, *messages: bytes) -> list[tuple[str, int, int]]:
    """Epoch, number and gap of each frame that comes out."""
    frames = [frame_filter.accept(message) for message in messages]
    return [(frame.epoch, frame.seq, frame.missed) for frame in frames if frame is not None]


def test_a_frame_comes_out_as_it_went_in() -> None:
    header = frame_header(1)

    frame = FrameFilter().accept(pack("live", "front", header, JPEG))

    assert frame is not None
    assert (frame.header, frame.jpeg, frame.missed, frame.same_host) == (header, JPEG, 0, True)


def test_the_keys_of_a_later_version_stay() -> None:
    later = from_later_now()
    frame = FrameFilter().accept(later)

    assert frame is not None
    assert b"from_a_later_version" in frame.header_json
    assert frame.message == later
    assert pickle.loads(pickle.dumps(frame)).message == later
    assert Frame(frame.header, frame.jpeg).message == pack("live", "front", frame.header, frame.jpeg)


def test_a_frame_from_another_host_says_so() -> None:
    frame = FrameFilter(same_host=False).accept(message(1))

    assert frame is not None
    assert not frame.same_host


def test_gaps_are_counted_one_by_one_and_in_all() -> None:
    frame_filter = FrameFilter()

    assert handed_over(frame_filter, message(1), message(2), message(5), message(6), message(10)) == [
        ("first", 1, 0),
        ("first", 2, 0),
        ("first", 5, 2),
        ("first", 6, 0),
        ("first", 10, 3),
    ]
    assert frame_filter.missed == 5


@pytest.mark.parametrize("epoch", ["first", ""])
def test_what_was_published_before_the_first_frame_is_not_missed(epoch: str) -> None:
    frame_filter = FrameFilter()

    assert handed_over(frame_filter, message(1000, epoch)) == [(epoch, 1000, 0)]
    assert frame_filter.missed == 0


def test_a_repeat_is_ignored() -> None:
    frame_filter = FrameFilter()

    assert handed_over(frame_filter, message(1), message(1), message(2), message(2)) == [
        ("first", 1, 0),
        ("first", 2, 0),
    ]
    assert not frame_filter.losses.total


def test_an_older_frame_is_ignored() -> None:
    frame_filter = FrameFilter()

    assert handed_over(frame_filter, message(3), message(2), message(4)) == [("first", 3, 0), ("first", 4, 0)]
    assert not frame_filter.losses.total


def test_a_new_epoch_starts_a_new_count() -> None:
    frame_filter = FrameFilter()

    assert handed_over(frame_filter, message(100), message(7, "second"), message(9, "second")) == [
        ("first", 100, 0),
        ("second", 7, 0),
        ("second", 9, 1),
    ]
    assert frame_filter.missed == 1


def test_a_frame_of_a_later_version_1_is_a_frame() -> None:
    frame = FrameFilter().accept(from_later_now())

    assert frame is not None
    assert frame.metadata == {"ExposureTime": 9998, "ColourGains": [1.5, 2.25]}


@pytest.mark.parametrize(
    ("malformed", "text"),
    [
        (b"live/front", "message with 0 line ends, expected 2 or more: 'live/front'"),
        (b"live/front\n{\n", "FrameHeader: Input data was truncated"),
        (b'live/front\n{"v":2}\n', "version '2' of the wire format, this program reads version 1"),
        (
            pack("live", "front", frame_header(camera="back")),
            "header of camera back in a message for camera front",
        ),
    ],
    ids=["no line end", "no header", "another version", "another camera"],
)
def test_a_malformed_message_is_counted(malformed: bytes, text: str, caplog: pytest.LogCaptureFixture) -> None:
    frame_filter = FrameFilter()

    assert handed_over(frame_filter, message(1), malformed, message(2)) == [("first", 1, 0), ("first", 2, 0)]
    assert frame_filter.losses.total == {"malformed messages dropped": 1}
    assert caplog.record_tuples == [
        ("framebus", logging.WARNING, f"1 malformed messages dropped (1 in all): {text}"),
    ]
    assert frame_filter.missed == 0


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "frame of 0 bytes that begin with nothing, expected ffd8"),
        (b"GIF89a", "frame of 6 bytes that begin with 4749, expected ffd8"),
        (JPEG[:-9], f"frame of {len(JPEG) - 9} bytes that end with {JPEG[-11:-9].hex()}, expected ffd9"),
    ],
    ids=["nothing", "a GIF", "cut off"],
)
def test_what_is_no_picture_is_dropped(body: bytes, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    assert FrameFilter().accept(pack("live", "front", frame_header(1), body)) is None
    assert caplog.messages == [f"1 malformed messages dropped (1 in all): {reason}"]


def test_a_frame_from_the_future_would_never_grow_old(caplog: pytest.LogCaptureFixture) -> None:
    frame = pack("live", "front", frame_header(1, monotonic=1000.0), JPEG)

    assert FrameFilter(now=lambda: 900.0).accept(frame) is None
    assert caplog.messages == ["1 malformed messages dropped (1 in all): frame captured 100 s from now"]
    assert FrameFilter(now=lambda: 999.5).accept(frame) is not None
    assert FrameFilter(now=lambda: 900.0, same_host=False).accept(frame) is not None
