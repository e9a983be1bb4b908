import asyncio
import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.websocket import WebSocketClientConnection, websocket_connect

from framebus.protocol.wire import FrameHeader, Message, RenditionCounts, StatusHeader, parse, split
from gateway.cameras.feed import Feed
from gateway.http.routes import application, ping_timeout_seconds
from gateway.http.websocket_handlers import ALLOWED, SUBPROTOCOL, Ack, Clock, Watch, WatchOptions, parse_message
from tests.conftest import Configure
from tests.gateway.camera import PublishedCamera, jpeg, padded
from tests.gateway.conftest import Site, camera_is_known, hang_up, serving, until
from tests.ports import free_ports

_connections: list[WebSocketClientConnection] = []


@pytest.fixture(autouse=True)
async def close_connections() -> AsyncIterator[None]:
    """Tornado's client warns of every connection that its test has not closed."""
    yield
    while _connections:
        await hang_up(_connections.pop())


async def connect(site: Site, path: str = "/ws", **options: Any) -> WebSocketClientConnection:
    _connections.append(await websocket_connect(site.websocket_url + path, **options))
    return _connections[-1]


async def binary(connection: WebSocketClientConnection, kind: str) -> bytes:
    """The next binary message of a kind; others are ignored."""
    async with asyncio.timeout(10):
        while True:
            message = await connection.read_message()
            assert message is not None, "closed"
            if isinstance(message, bytes) and split(message).kind == kind:
                return message


async def answered(connection: WebSocketClientConnection, kind: str) -> str:
    """The next text of this kind; everything else is ignored, but for frames, of which none may come."""
    async with asyncio.timeout(10):
        while True:
            message = await connection.read_message()
            assert message is not None, "closed"
            if isinstance(message, str) and message.startswith(f'{{"{kind}"'):
                return message
            assert isinstance(message, str) or split(message).kind != "live"


def has_frame(feed: Feed, seq: int) -> bool:
    return feed.live.encoded is not None and feed.live.encoded.frame.seq == seq


async def frame(connection: WebSocketClientConnection) -> tuple[Message, FrameHeader]:
    return parse(await binary(connection, "live"), FrameHeader)


async def watching(site: Site, camera: PublishedCamera) -> WebSocketClientConnection:
    connection = await connect(site, subprotocols=[SUBPROTOCOL])
    await connection.write_message('{"watch":["front"]}')
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    return connection


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ('{"watch":["front","yard"]}', Watch(["front", "yard"])),
        (
            '{"watch":{"front":{"width":640,"fps":5},"yard":{}}}',
            Watch({"front": WatchOptions(640, 5), "yard": WatchOptions()}),
        ),
        ('{"watch":{"front":{"width":320.5,"from_later":[1]}}}', Watch({"front": WatchOptions(320.5)})),
        ('{"watch":{"front":{"width":"640"}}}', None),
        ('{"watch":{"front":{"fps":0}}}', None),
        ('{"watch":{"front":640}}', None),
        ('{"ack":"front","seq":42}', Ack("front", 42)),
        ('{"clock":12.5}', Clock(12.5)),
        ('{"watch":"front"}', None),
        ('{"ack":"front"}', None),
        ("[" * 100_000, None),
        ("", None),
        ("42", None),
    ],
)
def test_what_the_page_says_is_understood_or_not(text: str, meaning: Watch | Ack | Clock | None) -> None:
    assert parse_message(text) == meaning


async def test_any_client_gets_bare_jpegs(site: Site, camera: PublishedCamera) -> None:
    connection = await connect(site, "/camera/front/ws")
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    for colour in ("red", "green"):
        camera.show(jpeg(colour))
        assert await connection.read_message() == jpeg(colour)
    await connection.write_message("whatever")
    camera.show(jpeg("blue", (1600, 1200)))
    assert await connection.read_message() == jpeg("blue", (1600, 1200))
    connection.close()
    await until(lambda: not site.gateway._cameras.viewers and not site.gateway._cameras.first.viewers)


async def test_the_page_hears_at_once_how_every_camera_does(site: Site) -> None:
    connection = await connect(site, subprotocols=[SUBPROTOCOL])
    assert connection.selected_subprotocol == SUBPROTOCOL
    _, status = parse(await binary(connection, "status"), StatusHeader)
    assert (status.camera, status.state) == ("front", "starting")


async def test_the_page_hears_each_status(site: Site, camera: PublishedCamera) -> None:
    connection = await connect(site, subprotocols=[SUBPROTOCOL])
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01status/front\n")
    camera.say("offline", "unplugged")
    while (status := parse(await binary(connection, "status"), StatusHeader)[1]).state == "starting":
        pass
    assert (status.state, status.reason) == ("offline", "unplugged")


async def test_frames_come_as_the_cameras_own_messages(site: Site, camera: PublishedCamera) -> None:
    connection = await watching(site, camera)
    sent = camera.show(jpeg())
    message, header = await frame(connection)
    assert header == sent
    assert message.body == jpeg()


async def test_the_page_gets_the_size_that_it_asks_for_and_may_change_it(site: Site, camera: PublishedCamera) -> None:
    renditions = {"half": RenditionCounts(made=0), "quarter": RenditionCounts(made=0)}
    await camera_is_known(site, camera, width=1280, height=720, renditions=renditions)
    connection = await connect(site, subprotocols=[SUBPROTOCOL])
    await connection.write_message('{"watch":{"front":{"width":300}}}')
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01quarter/front\n")
    camera.show(jpeg(), "quarter")
    assert split(await binary(connection, "quarter")).camera == "front"
    await connection.write_message('{"ack":"front","seq":1}')
    await connection.write_message('{"watch":{"front":{"width":640}}}')
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01half/front\n")
    camera.seq += 1
    camera.show(jpeg(), "half")
    assert parse(await binary(connection, "half"), FrameHeader)[1].seq == 2
    await connection.write_message('{"ack":"front","seq":2}')
    await connection.write_message('{"watch":["front"]}')
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    camera.show(jpeg())
    assert (await frame(connection))[1].seq == 3


async def test_without_acknowledgements_the_page_gets_two_frames_and_then_the_newest(
    site: Site, camera: PublishedCamera
) -> None:
    connection = await watching(site, camera)
    for number in (1, 2):
        camera.show(jpeg())
        assert (await frame(connection))[1].seq == number
    for _ in range(5):
        camera.show(jpeg())
    feed = site.gateway._cameras.first
    await until(partial(has_frame, feed, 7))
    await connection.write_message('{"ack":"front","seq":1}')
    assert (await frame(connection))[1].seq == 7


async def test_an_acknowledgement_of_what_was_never_sent_opens_nothing(site: Site, camera: PublishedCamera) -> None:
    connection = await watching(site, camera)
    for number in (1, 2):
        camera.show(jpeg())
        assert (await frame(connection))[1].seq == number
    camera.show(jpeg())
    await connection.write_message('{"ack":"front","seq":99}')
    await connection.write_message('{"ack":"cellar","seq":1}')
    await connection.write_message('{"clock":1}')
    await answered(connection, "clock")


async def test_the_first_message_names_the_cameras(site: Site, camera: PublishedCamera) -> None:
    connection = await connect(site, subprotocols=[SUBPROTOCOL])
    async with asyncio.timeout(10):
        assert await connection.read_message() == '{"cameras":["front"]}'


async def test_what_is_no_longer_watched_no_longer_comes(site: Site, camera: PublishedCamera) -> None:
    connection = await watching(site, camera)
    assert site.gateway._cameras.first.viewers == 1
    await connection.write_message('{"watch":[]}')
    await until(lambda: site.gateway._cameras.first.viewers == 0)
    assert site.gateway._cameras.viewers == 1


async def test_every_watched_camera_gets_its_turn(configure: Configure) -> None:
    config = configure('[camera.a]\nsource = "testcard"\n[camera.b]\nsource = "testcard"\n')
    cameras = [PublishedCamera(config, "a"), PublishedCamera(config, "b")]
    async with serving(config) as site:
        connection = await connect(site, subprotocols=[SUBPROTOCOL])
        await connection.write_message('{"watch":["a","b"]}')
        for camera in cameras:
            await asyncio.to_thread(camera.wait_for_subscription, f"\x01live/{camera.camera}\n".encode())
        seen = []
        for _ in range(3):
            for camera in cameras:
                camera.show(jpeg())
            for _ in cameras:
                _, header = await frame(connection)
                seen.append(header.camera)
                await connection.write_message(json.dumps({"ack": header.camera, "seq": header.seq}))
        assert sorted(seen) == ["a"] * 3 + ["b"] * 3
        connection.close()
    for camera in cameras:
        camera.close()


async def test_the_clock_is_told(site: Site) -> None:
    connection = await connect(site, subprotocols=[SUBPROTOCOL])
    await connection.write_message('{"clock":12.5}')
    told = json.loads(await answered(connection, "clock"))
    assert told["clock"] == 12.5
    assert told["now"] > 1.7e9


async def test_watching_a_camera_that_is_not_there_is_an_error_and_the_others_are_shown(site: Site) -> None:
    connection = await connect(site, subprotocols=[SUBPROTOCOL])
    await connection.write_message('{"watch":["front","cellar"]}')
    assert await answered(connection, "error") == '{"error":"there is no camera cellar; there is front"}'
    assert site.gateway._cameras.first.viewers == 1


@pytest.mark.parametrize("message", ["nonsense", b"\x00\x01", '{"watch":"front"}'])
async def test_what_the_page_cannot_have_said_ends_the_connection(site: Site, message: str | bytes) -> None:
    connection = await connect(site, subprotocols=[SUBPROTOCOL])
    await connection.write_message(message, binary=isinstance(message, bytes))
    async with asyncio.timeout(10):
        while await connection.read_message() is not None:
            pass
    assert connection.close_code == 1003
    assert connection.close_reason == ALLOWED
    await until(lambda: not site.gateway._cameras.viewers)


async def test_an_oversized_message_ends_the_connection(site: Site) -> None:
    connection = await connect(site, subprotocols=[SUBPROTOCOL])
    await connection.write_message('{"watch":["' + "x" * 100_000 + '"]}')
    async with asyncio.timeout(10):
        while await connection.read_message() is not None:
            pass
    await until(lambda: not site.gateway._cameras.viewers)


async def test_another_subprotocol_is_refused(site: Site) -> None:
    with pytest.raises(HTTPClientError) as error:
        await connect(site, subprotocols=["framebus.v2"])
    assert error.value.code == 400
    assert error.value.response is not None
    assert error.value.response.body == b"400: websocket subprotocol framebus.v2; allowed: framebus.v1\n"


async def test_no_subprotocol_means_this_one(site: Site) -> None:
    connection = await connect(site)
    assert connection.selected_subprotocol is None
    await binary(connection, "status")


@pytest.mark.parametrize("path", ["/ws", "/camera/front/ws"])
async def test_a_page_of_another_site_is_refused(site: Site, path: str) -> None:
    request = HTTPRequest(site.websocket_url + path, headers={"Origin": "http://evil.example"})
    with pytest.raises(HTTPClientError) as error:
        await websocket_connect(request)
    assert error.value.code == 403


async def test_an_unknown_camera_is_404_before_the_handshake(site: Site) -> None:
    with pytest.raises(HTTPClientError) as error:
        await connect(site, "/camera/cellar/ws")
    assert error.value.code == 404


@pytest.mark.slow
async def test_a_page_that_reads_nothing_holds_nothing_up(site: Site, camera: PublishedCamera) -> None:
    listen = site.config.gateway.listen
    _reader, writer = await asyncio.open_connection(listen.host, listen.port, limit=1024)
    writer.write(
        b"GET /camera/front/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
    )
    await until(lambda: site.gateway._cameras.viewers == 1)
    feed = site.gateway._cameras.first
    (viewer,) = site.gateway._cameras._viewers
    large = padded(jpeg(), 3_000_000)
    for number in range(1, 30):
        camera.show(large)
        await until(partial(has_frame, feed, number))
    held: int = len(viewer._transport._stream._write_buffer)  # type: ignore[attr-defined]
    assert held <= len(large) + 100, "more than the message in flight"
    writer.close()


UPGRADE = (
    "GET {path} HTTP/{version}\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n{more}\r\n"
)


async def upgraded(
    site: Site, path: str = "/ws", version: str = "1.1", more: str = ""
) -> tuple[bytes, asyncio.StreamReader, asyncio.StreamWriter]:
    """A websocket by hand: the first line of the answer, and the connection."""
    listen = site.config.gateway.listen
    reader, writer = await asyncio.open_connection(listen.host, listen.port, limit=1024)
    writer.write(UPGRADE.format(path=path, version=version, more=more).encode())
    return await reader.readline(), reader, writer


def masked(text: bytes) -> bytes:
    """A text message as a client sends it, under the mask 0 (RFC 6455, section 5.3)."""
    assert len(text) < 126
    return bytes((0x81, 0x80 | len(text))) + b"\0\0\0\0" + text


@pytest.mark.parametrize("path", ["/ws", "/camera/front/ws"])
async def test_a_handshake_that_is_none_is_refused_in_words(
    site: Site, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    for version, more, status in (("1.0", "", b"400"), ("1.1", "Origin: http://[\r\n", b"403")):
        line, _, writer = await upgraded(site, path, version, more)
        assert line.split(b" ")[1] == status
        writer.close()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.slow
async def test_a_page_that_asks_and_never_reads_fills_no_memory(
    site: Site, camera: PublishedCamera, caplog: pytest.LogCaptureFixture
) -> None:
    line, _, writer = await upgraded(site)
    assert line.split(b" ")[1] == b"101"
    for question in (b'{"clock":1}', b'{"watch":["cellar"]}'):
        writer.write(masked(question) * 20_000)
    await until(lambda: not writer.transport.get_write_buffer_size())
    await asyncio.sleep(0.2)
    (viewer,) = site.gateway._cameras._viewers
    assert len(viewer._transport._stream._write_buffer) < 100_000  # type: ignore[attr-defined]
    writer.transport.abort()
    await until(lambda: not site.gateway._cameras.viewers)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.slow
async def test_after_nonsense_nothing_more_is_answered(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    _, reader, writer = await upgraded(site)
    writer.write(masked(b'{"x":1}') + masked(b'{"clock":1}') * 3)
    async with asyncio.timeout(10):
        rest = await reader.read()
    assert b'clock":1' not in rest
    writer.close()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize("path", ["/ws", "/camera/front/ws"])
async def test_a_client_is_pinged(path: str, site: Site) -> None:
    """So that a line that is dead is noticed, and a proxy does not take the connection for idle."""
    (port,) = free_ports(1)
    server = HTTPServer(application(site.gateway._services(), site.gateway._refused, ping_interval_seconds=0.1))
    server.listen(port, "127.0.0.1")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(UPGRADE.format(path=path, version="1.1", more="").encode())
    await reader.readuntil(b"\r\n\r\n")
    async with asyncio.timeout(10):
        await reader.readuntil(b"\x89\0")  # FIN and opcode 9, without data (RFC 6455, section 5.2)
    writer.close()
    server.stop()
    await server.close_all_connections()


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/ws", "/camera/front/ws"])
async def test_a_client_that_answers_no_ping_is_let_go(site: Site, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = site.gateway._server.request_callback.settings  # type: ignore[union-attr]
    assert 0 < settings["websocket_ping_interval"] <= 20
    assert settings["websocket_ping_timeout"] == ping_timeout_seconds(settings["websocket_ping_interval"])
    monkeypatch.setitem(settings, "websocket_ping_interval", 0.2)
    monkeypatch.setitem(settings, "websocket_ping_timeout", ping_timeout_seconds(0.2))
    _, reader, writer = await upgraded(site, path)
    async with asyncio.timeout(10):
        await reader.readuntil(b"\x89")  # a ping
    await until(lambda: not site.gateway._cameras.viewers)
    writer.close()
