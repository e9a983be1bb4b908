"""Pages in gzip for those who take it."""

import gzip

import pytest

from gateway.http.gzip_coding import accepts_gzip
from tests.gateway.conftest import Site


@pytest.mark.parametrize("path", ["/", "/camera/front/", "/settings"])
async def test_a_page_is_compressed_for_those_who_take_it(site: Site, path: str) -> None:
    packed_for = {"Accept-Encoding": "gzip"}
    plain = await site.get(path, decompress_response=False)
    packed = await site.get(path, headers=packed_for, decompress_response=False)
    assert plain.headers["Content-Type"] == packed.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.body) == plain.body
    head = await site.get(path, method="HEAD", headers=packed_for, decompress_response=False)
    assert int(head.headers["Content-Length"]) == len(packed.body) < len(plain.body)


@pytest.mark.parametrize("header", ["gzip", "deflate, gzip", "br;q=1.0, GZIP;q=0.8", "x-gzip"])
def test_gzip_is_accepted(header: str) -> None:
    assert accepts_gzip(header)


@pytest.mark.parametrize("header", ["", "identity", "br", "gzip;q=0", "gzip; q=0.0", "notgzip"])
def test_gzip_is_not_accepted(header: str) -> None:
    assert not accepts_gzip(header)
