"""The length of an answer."""

import pytest

from benchmarks.still_clients import content_length


def test_it_is_found_however_it_is_spelt() -> None:
    assert content_length(b"HTTP/1.1 200 OK\r\nX-Length: 1\r\ncontent-length: 162000") == 162000


def test_an_answer_without_it_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a response without Content-Length: b'HTTP/1.1 200 OK'$"):
        content_length(b"HTTP/1.1 200 OK")
