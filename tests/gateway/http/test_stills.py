"""StillsClient and clips as HTTP clients get them."""

import asyncio
import json
import time

import pytest

from framebus.protocol.frame import Frame
from framebus.protocol.stills import ClipHeader, SnapshotRequest
from framebus.protocol.wire import ErrorHeader, pack
from gateway.http.still_headers import headers
from tests.conftest import Configure
from tests.gateway.camera import jpeg
from tests.gateway.conftest import Site, serving, until
from tests.gateway.still_service import StillService
from tests.headers import frame_header

STILL = "/camera/front/snapshot.jpg"


async def test_the_headers_tell_what_it_is(site: Site) -> None:
    header = frame_header("front", 7, captured=1767225600.25, monotonic=time.monotonic() - 3.5)
    async with StillService(site.config).saying(pack("snapshot", "front", header, jpeg())):
        answer = await site.get(STILL)
    assert (answer.code, answer.body) == (200, jpeg())
    told = {name: answer.headers[name] for name in headers(Frame(header, jpeg()), SnapshotRequest(camera="front"))}
    assert told == {
        "Content-Type": "image/jpeg",
        "Cache-Control": "no-store",
        "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT",
        "Age": "3",
        "ETag": '"e1-7"',
        "X-Timestamp": "1767225600.250000",
        "X-Width": "64",
        "X-Height": "48",
        "X-Camera": "front",
    }
    assert answer.headers["Content-Length"] == str(len(jpeg()))


async def test_what_the_query_asks_for_is_asked_of_the_service(site: Site) -> None:
    query = "fresh&width=320&settle=10f&orientation=upright&timeout=2&nonsense=1&v=9&camera=yard"
    async with StillService(site.config).answering(jpeg()) as service:
        await site.get(f"{STILL}?{query}")
        await site.get("/?action=snapshot&max_age=1.5&1234567")
    fresh = {"camera": "front", "fresh": True, "width": 320, "settle": "10f", "orientation": "upright", "timeout": 2.0}
    assert service.requests[0] == fresh
    assert service.requests[-1] == {"camera": "front", "max_age": 1.5}


async def test_a_parameter_that_will_not_do_is_named(site: Site) -> None:
    answer = await site.get(f"{STILL}?width=wide", headers={"Accept": "application/json"})
    assert answer.code == 400
    assert json.loads(answer.body)["error"] == {
        "code": "bad-request",
        "message": 'width: found "wide"; allowed: pixels, a whole number from 1 to 8192',
    }


async def test_one_who_has_it_already_is_told_so(site: Site) -> None:
    async with StillService(site.config).answering(jpeg()):
        tag = (await site.get(STILL)).headers["ETag"]
        answer = await site.get(STILL, headers={"If-None-Match": f'"other", W/{tag}'})
        assert (answer.code, answer.body, answer.headers["ETag"]) == (304, b"", tag)
        assert (await site.get(STILL, headers={"If-None-Match": '"other"'})).code == 200
        assert (await site.get(f"{STILL}?width=9", headers={"If-None-Match": tag})).code == 200


async def test_a_refusal_says_when_to_come_again(site: Site) -> None:
    async with StillService(site.config).refusing("offline", "camera front is offline since 12:03:10: unplugged"):
        answer = await site.get(f"{STILL}?fresh=1")
    assert (answer.code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.body == b"503: camera front is offline since 12:03:10: unplugged\n"


async def test_a_clip_comes_page_by_page(site: Site) -> None:
    header = ClipHeader(v=1, camera="front", id="c1", size=10, offset=0, frames=3, seconds=1.5)
    async with StillService(site.config).saying(pack("clip", "front", header, b"01234")) as service:
        answer = await site.get("/camera/front/clip.avi?seconds=2.5")
    assert (answer.code, answer.body) == (200, b"0123401234")
    assert answer.headers["Content-Type"] == "video/x-msvideo"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="front.avi"'
    assert service.requests == [
        {"camera": "front", "clip": "avi", "seconds": 2.5},
        {"camera": "front", "clip": "avi", "seconds": 2.5, "id": "c1", "offset": 5},
    ]


async def test_a_clip_that_there_is_not_is_refused(site: Site) -> None:
    reply = pack("error", "front", ErrorHeader(v=1, code="not-kept", message="there is no history"))
    async with StillService(site.config).saying(reply):
        answer = await site.get("/camera/front/clip.mjpg")
    assert (answer.code, answer.body) == (404, b"404: there is no history\n")
    answer = await site.get("/camera/front/clip.mjpg?seconds=0")
    assert answer.body == b'400: seconds: found "0"; allowed: seconds, more than 0 and at most 3600\n'
    assert (await site.get("/camera/yard/clip.avi")).code == 404
    assert (await site.get("/camera/front/clip.mp4")).code == 404


async def test_the_head_of_a_clip_keeps_none(site: Site) -> None:
    header = ClipHeader(v=1, camera="front", id="", size=10, offset=0, frames=3, seconds=1.5)
    async with StillService(site.config).saying(pack("clip", "front", header)) as service:
        answer = await site.get("/camera/front/clip.avi", method="HEAD")
    assert (answer.code, answer.headers["Content-Length"]) == (200, "10")
    assert service.requests == [{"camera": "front", "clip": "avi", "end": True}]


async def connected(site: Site, path: str, read: int = 0) -> asyncio.StreamWriter:
    """Ask for a path and read so many bytes of the answer."""
    reader, writer = await asyncio.open_connection(site.config.gateway.listen.host, site.config.gateway.listen.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: framebus\r\n\r\n".encode())
    await writer.drain()
    await reader.readexactly(read)
    return writer


async def test_a_clip_whose_client_leaves_is_ended(site: Site) -> None:
    size = 100_000_000
    header = ClipHeader(v=1, camera="front", id="c1", size=size, offset=0, frames=3, seconds=1.5)
    async with StillService(site.config).saying(pack("clip", "front", header, bytes(1_000_000))) as service:
        (await connected(site, "/camera/front/clip.avi", read=1000)).close()
        await until(lambda: service.requests[-1].get("end"))


async def test_clients_that_leave_keep_no_place_in_the_queue_for_stills(site: Site) -> None:
    left = []
    async with StillService(site.config).silent() as service:
        for number in range(1, 6):
            asking = await connected(site, f"{STILL}?settle=60&timeout={50 + number}")
            await until(lambda: site.gateway._stills.waiting == number)  # noqa: B023
            left.append(asking)
        for asking in left:
            asking.close()
        await until(lambda: sum("cancel" in request for request in service.requests) == 5)
        assert site.gateway._stills.waiting == 0


async def test_a_client_that_leaves_at_once_keeps_no_place_either(site: Site) -> None:
    async with StillService(site.config).silent():
        for number in range(1, 21):
            (await connected(site, f"{STILL}?settle=60&timeout={30 + number}")).close()
        await site.get("/healthz")
        await until(lambda: site.gateway._stills.waiting == 0)


@pytest.mark.slow
@pytest.mark.parametrize("captured", [1e300, -1e300, 1e18, -1e18, 0.0])
@pytest.mark.parametrize("epoch", ["e1", 'quoted"', "line\r\nSet-Cookie: a=b", "", "ö" * 500])
async def test_whatever_a_camera_says_of_its_frame_it_is_served(captured: float, epoch: str, site: Site) -> None:
    header = frame_header("front", 7, captured=captured, epoch=epoch)
    async with StillService(site.config).saying(pack("snapshot", "front", header, jpeg())):
        answer = await site.get(STILL)
    assert "Set-Cookie" not in answer.headers
    if answer.code != 200:  # refused as malformed by the reader of the reply
        assert (answer.code, answer.body[:4]) == (503, b"503:")


STILLS = [
    "/camera/front/snapshot.jpg",
    "/snapshot",
    "/snapshot.jpg",
    "/static.jpg",
    "/pi.jpg",
    "/?action=snapshot",
    "/?action=snapshot&bypassCache=99",
    "/snapshot?max_delay=0&x",
]


@pytest.mark.parametrize("path", STILLS)
async def test_every_still_path_gives_the_still(site: Site, path: str) -> None:
    async with StillService(site.config).answering(jpeg("green")) as service:
        answer = await site.get(path)
    assert (answer.code, answer.body) == (200, jpeg("green"))
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Length"] == str(len(jpeg("green")))
    assert answer.headers["X-Timestamp"] == f"{service.captured:.6f}"
    assert "no-store" in answer.headers["Cache-Control"]
    assert service.requests == [{"camera": "front"}]


async def test_head_of_a_still_gives_the_headers_alone(site: Site) -> None:
    async with StillService(site.config).answering(jpeg()):
        answer = await site.get("/snapshot", method="HEAD")
    assert (answer.code, answer.body, answer.headers["Content-Type"]) == (200, b"", "image/jpeg")


@pytest.mark.parametrize("code", ["no-frame", "stale"])
async def test_a_still_that_the_service_has_not_is_503_with_its_reason(site: Site, code: str) -> None:
    async with StillService(site.config).refusing(code, "why"):
        answer = await site.get("/snapshot", headers={"Accept": "application/json"})
    assert answer.code == 503
    assert json.loads(answer.body) == {"error": {"code": code, "message": "why"}}


@pytest.mark.slow
async def test_a_service_that_does_not_answer_is_504(configure: Configure) -> None:
    async with serving(configure(gateway="snapshot_timeout = 0.1")) as site:
        answer = await site.get("/snapshot")
    assert (answer.code, answer.body) == (504, b"504: the snapshot service did not answer within 0.6 s\n")


async def test_a_malformed_reply_of_the_service_is_503(site: Site) -> None:
    async with StillService(site.config).saying(b"nonsense"):
        answer = await site.get("/snapshot")
    assert (answer.code, answer.body) == (
        503,
        b"503: the snapshot service sent a malformed reply: message with 0 line ends, expected 2 or more: 'nonsense'\n",
    )
