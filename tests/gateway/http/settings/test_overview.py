"""What the settings show, and the network."""

import asyncio
import fcntl
import json
import os
import socket
import tomllib
from pathlib import Path

import pytest

from framebus.config.checked_copy import FILE_NAME, Original, copy_of
from framebus.config.load import Config
from framebus.credentials import links
from framebus.credentials.accounts import token_hash
from framebus.settings.config_file import version_of
from framebus.supervision.client import SOCKET
from tests.conftest import Configure
from tests.gateway.access.accounts_site import ANNA, proof, site_with, token
from tests.gateway.conftest import serving
from tests.gateway.http.settings.client import ADMIN, call
from tests.processes import DEADLINE_SECONDS

CAMERAS = """
[camera.front]
source = "rtsp://anna:secret@192.168.1.20/stream1/key"
title = "Front door"
[camera.far]
connect = "tcp://127.0.0.1:5555"
"""


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure(CAMERAS)


def path_of(config: Config) -> Path:
    assert config.path is not None
    return config.path


async def test_everything_is_listed_and_no_secret_is(config: Config) -> None:
    tokens = {"printer": token("very-secret", "view", cameras=("front",))}
    links.make(config.state_dir, "user", "anna", proof())
    async with site_with(config, users=ANNA, tokens=tokens) as site:
        status, found = await call(site, "GET", **ADMIN)
        answer = await site.get("/api/settings", headers=ADMIN)
    assert status == 200
    assert found["file"] == str(config.path)
    assert found["version"] == version_of(path_of(config).read_text())
    assert (found["edited"], found["read_only"]) == (False, "")
    front, far = found["cameras"]
    assert (front["name"], front["title"], front["size"], front["fps"], front["here"]) == (
        "front",
        "Front door",
        "1280x720",
        30,
        True,
    )
    assert front["source"] == "rtsp://192.168.1.20/stream1…"
    assert (far["source"], far["here"]) == ("tcp://127.0.0.1:5555", False)
    assert found["network"]["open"] is False
    assert found["network"]["private"] is True
    assert [user["name"] for user in found["users"]] == ["anna"]
    (printer,) = found["tokens"]
    assert (printer["name"], printer["scopes"], printer["cameras"], printer["used"]) == (
        "printer",
        ["view"],
        ["front"],
        None,
    )
    assert [link["name"] for link in found["links"]] == ["anna"]
    for secret in (b"secret@", b"/key", b"scrypt", ANNA["anna"].scrypt.encode(), token_hash("very-secret").encode()):
        assert secret not in answer.body
    assert answer.headers["Cache-Control"] == "no-store"


async def test_an_edit_by_hand_is_shown_and_stays_in_charge(configure: Configure) -> None:
    config = configure()
    path = path_of(config)
    text = path.read_text()
    (config.run_dir / FILE_NAME).write_bytes(copy_of(text.encode(), Original(path, path.parent)))
    path.write_text(f"{text}# half\n")
    os.utime(path, (0, 0))
    async with serving(config) as site:
        assert (await call(site, "GET"))[1]["edited"] is True
        status, error = await call(site, "PATCH", "/cameras/front", {"fps": 5})
        assert (status, error["code"]) == (409, "edited")
        assert path.read_text() == f"{text}# half\n"
        path.write_text(f"{text}fps = \n")
        status, error = await call(site, "POST", "/reload", {})
        assert (status, error["code"]) == (400, "refused")
        path.write_text(text)
        assert (await call(site, "POST", "/reload", {}))[0] == 202


async def test_without_a_user_the_network_is_not_let_in(config: Config) -> None:
    async with serving(config) as site:
        before = path_of(config).read_text()
        status, error = await call(site, "PUT", "/network", {"open": True})
        assert (status, error["code"]) == (400, "refused")
        assert "framebus passwd NAME" in error["message"]
        assert path_of(config).read_text() == before
        assert (await call(site, "PUT", "/network", {"open": "yes"}))[0] == 400


async def test_the_network_is_let_in_and_out(config: Config) -> None:
    port = config.gateway.listen.port
    async with site_with(config, users=ANNA) as site:
        status, found = await call(site, "PUT", "/network", {"open": True}, **ADMIN)
        assert (status, found["listen"]) == (202, f"0.0.0.0:{port}")
        assert found["pages"]
        assert tomllib.loads(path_of(config).read_text())["gateway"]["listen"] == f"0.0.0.0:{port}"
        status, found = await call(site, "PUT", "/network", {"open": False}, **ADMIN)
        assert found["listen"] == f"127.0.0.1:{port}"
        assert (await call(site, "PUT", "/network", {"open": True}, If_Match='"0"', **ADMIN))[0] == 412


@pytest.mark.medium
async def test_a_change_of_the_network_is_applied_also_if_its_client_has_left(config: Config) -> None:
    body = json.dumps({"open": True})
    head = [
        "PUT /api/settings/network HTTP/1.1",
        f"Host: {config.gateway.listen}",
        f"Authorization: {ADMIN['Authorization']}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    loop = asyncio.get_running_loop()
    async with site_with(config, users=ANNA) as site, asyncio.timeout(DEADLINE_SECONDS):
        assert (await call(site, "GET", **ADMIN))[0] == 200  # the password is known: it takes no more time
        with path_of(config).open() as file, socket.socket(socket.AF_UNIX) as supervisor:
            supervisor.setblocking(False)
            supervisor.bind(str(config.run_dir / SOCKET))
            supervisor.listen()
            fcntl.flock(file, fcntl.LOCK_EX)  # the change waits
            _, writer = await asyncio.open_connection(config.gateway.listen.host, config.gateway.listen.port)
            writer.write("\r\n".join([*head, "", body]).encode())
            await writer.drain()
            await asyncio.sleep(0.3)
            writer.transport.abort()
            await asyncio.sleep(0.1)
            fcntl.flock(file, fcntl.LOCK_UN)
            asked, _ = await loop.sock_accept(supervisor)
            asked.close()
    assert tomllib.loads(path_of(config).read_text())["gateway"]["listen"].startswith("0.0.0.0:")
