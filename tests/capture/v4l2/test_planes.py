"""Buffers of one plane and of several are read by the same calls."""

import ctypes
import sys

import pytest
import videodev2 as kernel

from capture.v4l2.planes import SPLIT_FORMATS, MultiPlanar, Plane, SinglePlanar, queue_of

STREAMING = kernel.V4L2_CAP_STREAMING
SINGLE, MULTI = kernel.V4L2_CAP_VIDEO_CAPTURE, kernel.V4L2_CAP_VIDEO_CAPTURE_MPLANE


@pytest.mark.parametrize(
    ("capabilities", "kind"),
    [
        (SINGLE | STREAMING, SinglePlanar),
        (MULTI | STREAMING, MultiPlanar),
        (SINGLE | MULTI, SinglePlanar),
        (STREAMING, type(None)),
        (kernel.V4L2_CAP_VIDEO_OUTPUT, type(None)),
        (kernel.V4L2_CAP_META_CAPTURE | STREAMING, type(None)),
        (0, type(None)),
    ],
)
def test_a_device_has_the_queue_of_its_capabilities(capabilities: int, kind: type) -> None:
    assert type(queue_of(capabilities)) is kind


@pytest.mark.skipif(sys.maxsize < 2**32, reason="the sizes of 64-bit machines")
def test_a_plane_is_as_large_as_the_kernel_has_it() -> None:
    """linux/videodev2.h: 4 + 4 + 8 + 4 + 11 * 4 bytes."""
    assert ctypes.sizeof(Plane) == 64
    assert Plane.data_offset.offset == 16


@pytest.mark.parametrize("queue", [SinglePlanar(), MultiPlanar()], ids=["single", "multi"])
def test_a_buffer_is_asked_for_by_its_index_and_the_type_of_the_queue(queue: SinglePlanar | MultiPlanar) -> None:
    buffer = queue.buffer(3)
    assert (buffer.index, buffer.type, buffer.memory) == (3, queue.type, kernel.V4L2_MEMORY_MMAP)


def test_a_buffer_of_one_plane_is_mapped_and_read_by_itself() -> None:
    queue = SinglePlanar()
    buffer = queue.buffer(0)
    buffer.length, buffer.m.offset, buffer.bytesused = 4096, 8192, 1000
    assert queue.mappings(buffer) == [(4096, 8192)]
    assert queue.used(buffer) == ((0, 1000),)


def test_each_plane_of_a_buffer_is_mapped_and_read() -> None:
    queue = MultiPlanar()
    buffer = queue.buffer(0)
    assert buffer.length == kernel.VIDEO_MAX_PLANES
    address = ctypes.addressof(buffer.m.planes.contents)
    filled = Plane.from_address(address)  # as the kernel fills it in, by the pointer
    filled.length, filled.m.mem_offset, filled.bytesused, filled.data_offset = 4096, 8192, 1064, 64
    buffer.length = 2
    assert queue.mappings(buffer) == [(4096, 8192), (0, 0)]
    assert queue.used(buffer) == ((64, 1064), (0, 0))


def test_buffers_do_not_share_their_planes() -> None:
    queue = MultiPlanar()
    one, other = queue.buffer(0), queue.buffer(1)
    one.plane_array[0].bytesused = 5
    assert queue.used(other)[0] == (0, 0)


def test_the_format_is_that_of_the_queue() -> None:
    given = kernel.v4l2_format(type=SinglePlanar.type)
    SinglePlanar().pixels(given).width = 640
    given.fmt.pix.bytesperline = 1280
    assert given.fmt.pix.width == 640
    assert SinglePlanar().bytes_per_line(given) == [1280]

    given = kernel.v4l2_format(type=MultiPlanar.type)
    MultiPlanar().pixels(given).width = 320
    given.fmt.pix_mp.num_planes = 2
    given.fmt.pix_mp.plane_fmt[0].bytesperline = 512
    assert given.fmt.pix_mp.width == 320
    given.fmt.pix_mp.plane_fmt[1].bytesperline = 256
    assert MultiPlanar().bytes_per_line(given) == [512, 256]


@pytest.mark.parametrize(
    ("fourcc", "lines", "sizes"),
    [
        ("NM12", [64, 64], [3072, 1536]),
        ("NM16", [64, 64], [3072, 3072]),
        ("YM12", [64, 32, 32], [3072, 768, 768]),
        ("NM12", [64, 128], None),
        ("YM12", [64, 64, 64], None),
    ],
)
def test_planes_are_cut_to_their_lines(fourcc: str, lines: list[int], sizes: list[int] | None) -> None:
    assert SPLIT_FORMATS[fourcc].plane_bytes(lines, 48) == sizes
