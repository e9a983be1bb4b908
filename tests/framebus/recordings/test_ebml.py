"""EBML: the examples of RFC 8794, and heads that are cut or wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.recordings import ebml
from framebus.recordings.ebml import Head


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "80"), (126, "fe"), (127, "407f"), (128, "4080"), (16382, "7ffe"), (16383, "203fff"), (2**28, "0810000000")],
)
def test_a_size_takes_as_few_bytes_as_hold_it(size: int, expected: str) -> None:
    assert ebml.size_bytes(size).hex() == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (ebml.unsigned(0x4286, 1), "42868101"),
        (ebml.unsigned(0xE7, 0), "e78100"),
        (ebml.unsigned(0xE7, 65536), "e783010000"),
        (ebml.signed(0x4461, -1), "446188ffffffffffffffff"),
        (ebml.double(0x4489, 1.0), "4489883ff0000000000000"),
        (ebml.text(0x86, "V_MJPEG"), "8687565f4d4a504547"),
    ],
)
def test_elements(written: bytes, expected: str) -> None:
    assert written.hex() == expected


@pytest.mark.medium
@given(st.sampled_from([0xA3, 0x4DBB, 0x2AD7B1, 0x1F43B675]), st.binary(max_size=300), st.binary(max_size=20))
def test_the_head_of_an_element_is_read_back(id: int, data: bytes, more: bytes) -> None:
    written = ebml.element(id, data)

    head = ebml.read_head(b"x" + written + more, 1)

    assert head == Head(id, len(written) - len(data), len(data))


@pytest.mark.parametrize("cut", range(12))
def test_a_head_that_is_cut_is_none(cut: int) -> None:
    head = ebml.id_bytes(0x18538067) + ebml.UNKNOWN_SIZE

    assert ebml.read_head(head[:cut]) is None
    assert ebml.read_head(head) == Head(0x18538067, 12, None)


@pytest.mark.parametrize("data", [b"", b"\0" * 20, b"\x08" * 20, b"\xa3\0" + b"x" * 20])
def test_what_is_no_element_has_no_head(data: bytes) -> None:
    assert ebml.read_head(data) is None


def test_children_are_read_up_to_the_cut() -> None:
    data = ebml.unsigned(0xE7, 7) + ebml.element(0xEC, b"abc")

    assert list(ebml.children(data, 0, len(data))) == [(0xE7, 2, 3), (0xEC, 5, 8)]
    assert list(ebml.children(data, 0, 7)) == [(0xE7, 2, 3)]
    assert list(ebml.children(data[:7], 0, 8)) == [(0xE7, 2, 3)]


def test_the_length_of_a_number() -> None:
    assert [ebml.number_bytes(data) for data in (b"\x81", b"\x40\x01", b"\x01" + bytes(7), b"\0", b"")] == [
        1,
        2,
        8,
        0,
        0,
    ]
