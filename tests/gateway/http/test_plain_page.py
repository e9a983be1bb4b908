"""What a browser shows that does not run the page's script."""

import re

from gateway.http.plain_page import STREAMS, plain_cameras
from tests.conftest import Configure
from tests.gateway.access.accounts_site import TWO, add, token
from tests.gateway.conftest import serving


def test_the_first_cameras_are_streams_and_the_others_stills() -> None:
    found = re.findall(r'src="camera/(\w+)/(\S+?)"', plain_cameras({f"c{n}": "" for n in range(8)}))
    assert [name for name, _ in found] == [f"c{number}" for number in range(8)]
    assert [path for _, path in found] == ["stream.mjpg?width=640"] * STREAMS + ["snapshot.jpg?width=640"] * 3


def test_a_token_and_a_title_cannot_leave_their_places() -> None:
    html = plain_cameras({"front": 'Door "1" <script>'}, 'a"><script>&b')
    assert 'src="camera/front/stream.mjpg?width=640&amp;token=a%22%3E%3Cscript%3E%26b"' in html
    assert "<figcaption>Door &quot;1&quot; &lt;script&gt;</figcaption>" in html
    assert "<script>" not in html


async def test_the_page_has_the_cameras_that_the_client_may_see(configure: Configure) -> None:
    config = configure(TWO.replace("[camera.back]\n", '[camera.back]\ntitle = "Back door"\n'))
    add(config, tokens={"b": token("secret", "view", cameras=("back",))})
    async with serving(config) as site:
        page = (await site.get("/?token=secret")).body.decode()
        assert "camera/back/stream.mjpg?width=640&amp;token=secret" in page
        assert "camera/front" not in page
        one = (await site.get("/camera/back/?token=secret")).body.decode()
        assert one.count("<figure") == 1
        assert "<figcaption>Back door</figcaption>" in one
