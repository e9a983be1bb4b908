"""The files of the page, as they are sent: kept under their version, compressed for those who take that."""

import gzip

from gateway.http.page_files import page_file, page_version
from tests.gateway.conftest import Site


async def test_the_files_of_another_version_are_not_kept(site: Site) -> None:
    """A page that was open during an update loads the rest of its modules under the version before."""
    answer = await site.get(f"/page/{'0' * 12}/app.js")
    assert (answer.code, answer.body) == (200, page_file("app.js").content)
    assert answer.headers["Cache-Control"] == "no-cache"
    for path in (f"{page_version()}/{page_version()}/app.js", f"{page_version()}/login.html", f"{page_version()}/"):
        assert (await site.get(f"/page/{path}")).code == 404


async def test_code_is_compressed_for_those_who_take_it(site: Site) -> None:
    for name in ("app.js", "style.css"):
        plain = await site.get(f"/page/{name}", decompress_response=False)
        packed = await site.get(f"/page/{name}", headers={"Accept-Encoding": "gzip"}, decompress_response=False)
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
        assert len(packed.body) < len(plain.body) / 2
        assert gzip.decompress(packed.body) == plain.body
        again = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]}
        assert (await site.get(f"/page/{name}", headers=again)).code == 304
    icon = await site.get("/page/icons/icon-192.png", headers={"Accept-Encoding": "gzip"}, decompress_response=False)
    assert "Content-Encoding" not in icon.headers


async def test_a_head_request_has_the_length_of_the_file(site: Site) -> None:
    answer = await site.get("/page/app.js", method="HEAD", decompress_response=False)
    assert (answer.code, answer.body) == (200, b"")
    assert int(answer.headers["Content-Length"]) == len(page_file("app.js").content)
