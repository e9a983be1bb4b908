"""Compressed bodies are unpacked as they come, and never more of them than was asked for."""

import gzip
import zlib
from collections.abc import Callable

import pytest

from capture.media.compressed_body import CompressedBody


def pieces(*data: bytes) -> Callable[[int], bytes]:
    left = list(data)
    return lambda size: left.pop(0) if left else b""


@pytest.mark.parametrize("packed", [gzip.compress, zlib.compress])
def test_a_read_gives_no_more_than_was_asked_for(packed: Callable[[bytes], bytes]) -> None:
    body = CompressedBody(pieces(packed(bytes(1_000_000))))
    read = [body.read(4096)]
    assert body.holds_bytes
    while data := body.read(4096):
        read.append(data)
    assert max(map(len, read)) == 4096
    assert b"".join(read) == bytes(1_000_000)
    assert not body.holds_bytes


def test_what_has_come_is_given_before_more_is_waited_for() -> None:
    packer = zlib.compressobj()
    first = packer.compress(b"first") + packer.flush(zlib.Z_SYNC_FLUSH)
    second = packer.compress(b"second") + packer.flush(zlib.Z_SYNC_FLUSH)
    body = CompressedBody(pieces(first[:1], first[1:], second))
    assert [body.read(100), body.read(100), body.read(100)] == [b"first", b"second", b""]


def test_what_is_not_compressed_is_an_error() -> None:
    with pytest.raises(zlib.error):
        CompressedBody(pieces(b"plain text")).read(100)
