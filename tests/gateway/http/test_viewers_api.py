"""/api/viewers tells administrators who watches, and nobody else."""

import asyncio
import json
import time
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from tests.conftest import Configure
from tests.gateway.access.accounts_site import ANNA, PASSWORD, TWO, basic, closed, code, site_with, token
from tests.gateway.camera import PublishedCamera, jpeg
from tests.gateway.conftest import Site, until
from tests.gateway.http.test_websocket_handlers import upgraded


async def viewers(site: Site, secret: str = "") -> list[dict[str, Any]]:
    """What the gateway lists."""
    answer = await site.get("/api/viewers", headers={"Authorization": f"Bearer {secret}"} if secret else {})
    assert answer.code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    found: list[dict[str, Any]] = json.loads(answer.body)["viewers"]
    return found


async def test_each_kind_of_viewer_is_told_with_its_user_and_address(configure: Configure) -> None:
    config = configure(TWO, gateway='trusted_proxies = ["127.0.0.1"]')
    camera = PublishedCamera(config, "back")
    tokens = {
        "boss": token("boss-secret", "admin"),
        "boss-of-back": token("back-secret", "admin", cameras=("back",)),
        "desk": token("desk-secret", "view", "snapshot", "control"),
    }
    before = time.time()
    async with site_with(config, users=ANNA, tokens=tokens) as site:
        assert await viewers(site, "boss-secret") == []
        anna = HTTPRequest(
            f"{site.websocket_url}/ws", headers={**basic("anna", PASSWORD), "X-Forwarded-For": "192.0.2.7"}
        )
        page = await websocket_connect(anna, subprotocols=["framebus.v1"])
        await page.write_message(json.dumps({"watch": ["front", "back"]}))
        await until(lambda: site.gateway._cameras.feeds["back"].viewers)
        _, _, bare = await upgraded(site, "/camera/front/ws?token=desk-secret")
        await until(lambda: site.gateway._cameras.viewers == 2)
        listen = site.config.gateway.listen
        _, stream = await asyncio.open_connection(listen.host, listen.port)
        stream.write(b"GET /camera/back/stream.mjpg?token=desk-secret HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await until(lambda: camera.show(jpeg()) and site.gateway._cameras.viewers == 3)

        listed = await viewers(site, "boss-secret")
        assert [(each["camera"], each["user"], each["kind"], each["address"]) for each in listed] == [
            ("back", "anna", "page", "192.0.2.7"),
            ("front", "anna", "page", "192.0.2.7"),
            ("front", "desk", "websocket", "127.0.0.1"),
            ("back", "desk", "mjpeg", "127.0.0.1"),
        ]
        assert all(before <= each["since"] <= time.time() for each in listed)
        assert {each["camera"] for each in await viewers(site, "back-secret")} == {"back"}, (
            "of the cameras that it sees"
        )
        assert await code(site, "/api/viewers", Authorization="Bearer desk-secret") == 403
        assert await code(site, "/api/viewers", X_Forwarded_For="192.0.2.8") == 401

        await closed(page)
        bare.close()
        stream.close()
        await until(lambda: not site.gateway._cameras.viewers)
        assert await viewers(site, "boss-secret") == []
    camera.close()
