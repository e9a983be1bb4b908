"""Cameras that are added, changed and removed through /api/settings."""

import asyncio
import base64
import json
import os
import socket
import tomllib
from typing import Any

import pytest

from framebus.config.checked_copy import FILE_NAME, Original, copy_of
from framebus.config.load import Config
from framebus.supervision.client import SOCKET
from gateway.http.settings import cameras
from tests.conftest import Configure, Start
from tests.gateway.conftest import serving, until
from tests.gateway.http.settings.client import call
from tests.processes import DEADLINE_SECONDS


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure()


def tables(config: Config) -> dict[str, Any]:
    assert config.path is not None
    found: dict[str, Any] = tomllib.loads(config.path.read_text())["camera"]
    return found


async def test_a_camera_is_added_changed_and_removed(config: Config) -> None:
    assert config.path is not None
    before = config.path.read_text()
    async with serving(config) as site:
        body = {"name": "garden", "source": "rtsp://u:p@192.0.2.1/1", "title": "Garden gate", "fps": 5}
        status, found = await call(site, "POST", "/cameras", body)
        assert status == 200
        assert found["sentences"] == [
            "framebus does not run; start it with: framebus up, or as a service: sudo systemctl start framebus"
        ]
        assert tables(config)["garden"] == {"source": "rtsp://u:p@192.0.2.1/1", "title": "Garden gate", "fps": 5}
        named = {"If_Match": f'"{found["version"]}"'}
        status, found = await call(site, "PATCH", "/cameras/garden", {"fps": None, "hflip": True}, **named)
        assert status == 200
        assert tables(config)["garden"] == {"source": "rtsp://u:p@192.0.2.1/1", "title": "Garden gate", "hflip": True}
        status, error = await call(site, "DELETE", "/cameras/garden", **named)
        assert (status, error["code"]) == (412, "changed")
        assert (await call(site, "DELETE", "/cameras/garden"))[0] == 200
    assert list(tables(config)) == ["front"]
    assert tomllib.loads(config.path.read_text()) == tomllib.loads(before)


@pytest.mark.medium
async def test_a_change_waits_while_another_one_is_applied(config: Config) -> None:
    """Until it is in force, the file looks as if it had been edited by hand."""
    assert config.path is not None
    loop = asyncio.get_running_loop()

    def put_in_force() -> None:
        assert config.path is not None
        copy = copy_of(config.path.read_bytes(), Original(config.path, config.path.parent))
        (config.run_dir / FILE_NAME).write_bytes(copy)

    async with serving(config) as site, asyncio.timeout(DEADLINE_SECONDS):
        put_in_force()
        with socket.socket(socket.AF_UNIX) as supervisor:
            supervisor.setblocking(False)
            supervisor.bind(str(config.run_dir / SOCKET))
            supervisor.listen()
            first = asyncio.create_task(call(site, "PATCH", "/cameras/front", {"hflip": True}))
            reload, _ = await loop.sock_accept(supervisor)
            second = asyncio.create_task(call(site, "PATCH", "/cameras/front", {"vflip": True}))
            await asyncio.sleep(0.3)
            put_in_force()
        reload.close()  # framebus has ended
        assert [status for status, _ in await asyncio.gather(first, second)] == [200, 200]
    assert tables(config)["front"].items() >= {"hflip": True, "vflip": True}.items()


async def test_where_only_root_may_change_the_file_the_command_is_named(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert config.path is not None
    really = os.access
    mine = config.path.resolve()
    monkeypatch.setattr(os, "access", lambda path, mode: path != mine and really(path, mode))  # root may everything
    before = tables(config)
    async with serving(config) as site:
        body = {"name": "gate", "source": "rtsp://10.0.0.2/1", "title": "Garden gate", "hflip": True}
        status, error = await call(site, "POST", "/cameras", body)
        assert (status, error["code"]) == (409, "read-only")
        assert error["message"] == (
            "framebus may not change its configuration here; run on the camera server: sudo framebus camera add gate "
            "source=rtsp://10.0.0.2/1 'title=Garden gate' hflip=true"
        )
        _, error = await call(site, "PATCH", "/cameras/front", {"title": None, "fps": 5})
        assert error["message"].endswith("sudo framebus camera set front title= fps=5")
        assert (await call(site, "GET"))[1]["read_only"].endswith("cannot be written by the user that runs framebus")
    assert tables(config) == before


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("POST", "/cameras", {"name": "x", "source": "program"}, 400, "source: found 'program'; allowed here: "),
        ("POST", "/cameras", {"name": "x", "source": "/etc/passwd"}, 400, "other sources are set in framebus.toml"),
        ("POST", "/cameras", {"name": "x]", "source": "auto"}, 400, "name: found 'x]'"),
        ("POST", "/cameras", {"name": "front", "source": "auto"}, 409, "there is a camera front already"),
        ("POST", "/cameras", {"name": "x", "source": "auto", "fps": 1000}, 400, "camera.x.fps: found 1000"),
        ("PATCH", "/cameras/front", {"publish": "tcp://0.0.0.0:1"}, 400, "'publish' is set in framebus.toml only"),
        ("PATCH", "/cameras/front", {"title": "two\nlines"}, 400, "camera.front.title: found"),
        ("PATCH", "/cameras/back", {"fps": 5}, 404, "there is no camera back"),
        ("DELETE", "/cameras/front", None, 400, "front is the only camera"),
    ],
)
async def test_what_cannot_be_is_refused(
    config: Config, method: str, path: str, body: object, status: int, said: str
) -> None:
    before = tables(config)
    async with serving(config) as site:
        found, error = await call(site, method, path, body)
        assert (found, said in error["message"]) == (status, True), error
    assert tables(config) == before


@pytest.mark.medium
async def test_a_preview_is_a_picture_or_a_reason(config: Config) -> None:
    async with serving(config) as site:
        status, found = await call(site, "POST", "/preview", {"source": "testcard"})
        assert status == 200
        assert base64.b64decode(found["jpeg"]).startswith(b"\xff\xd8")
        status, error = await call(site, "POST", "/preview", {"source": "http://u:secret@127.0.0.1:1/"})
        assert status == 502
        assert "refuses the connection" in error["message"]
        assert "secret" not in error["message"]
        status, error = await call(site, "POST", "/preview", {"source": "file:///etc/passwd"})
        assert (status, error["code"]) == (400, "not-allowed")


async def test_one_camera_is_tried_at_a_time(config: Config) -> None:
    async with serving(config) as site:
        with cameras._trying:
            for method, path, body in (("POST", "/preview", {"source": "testcard"}), ("GET", "/attached", None)):
                status, error = await call(site, method, path, body)
                assert (status, error["code"]) == (429, "busy")


def preview_of(config: Config, port: int) -> bytes:
    """A request for a picture of a camera on this machine."""
    body = json.dumps({"source": f"http://127.0.0.1:{port}/"})
    head = f"POST /api/settings/preview HTTP/1.1\r\nHost: {config.gateway.listen}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Content-Type: application/json\r\n\r\n{body}".encode()


@pytest.mark.medium
async def test_a_camera_is_still_being_tried_after_its_client_has_left(config: Config) -> None:
    tried, given_up = asyncio.Event(), asyncio.Event()

    async def never_answer(_: asyncio.StreamReader, connection: asyncio.StreamWriter) -> None:
        tried.set()
        await given_up.wait()
        connection.close()

    camera = await asyncio.start_server(never_answer, "127.0.0.1", 0)
    request = preview_of(config, camera.sockets[0].getsockname()[1])
    async with camera, serving(config) as site:
        _, client = await asyncio.open_connection(config.gateway.listen.host, config.gateway.listen.port)
        client.write(request)
        await tried.wait()
        client.close()
        await until(lambda: site.gateway._connections.open == 0)
        status, error = await call(site, "POST", "/preview", {"source": "testcard"})
        assert (status, error["code"]) == (429, "busy")
        given_up.set()
        await until(lambda: not cameras._trying.locked())


@pytest.mark.medium
def test_a_gateway_ends_while_a_camera_is_being_tried(config: Config, start: Start) -> None:
    gateway = start("gateway", config=config)
    gateway.wait_for("listening on")
    address = config.gateway.listen.host, config.gateway.listen.port
    with socket.create_server(("127.0.0.1", 0)) as camera, socket.create_connection(address) as client:
        camera.settimeout(DEADLINE_SECONDS)
        client.sendall(preview_of(config, camera.getsockname()[1]))
        tried, _ = camera.accept()
        with tried:
            assert gateway.terminate() == 0


WEBCAM = {"source": "v4l2:serial=3F2A", "name": "HD Pro Webcam C920", "path": "/dev/null"}


@pytest.mark.parametrize(
    ("source", "is_it"),
    [
        ("v4l2:serial=3F2A", True),
        ("v4l2:serial=3F2B", False),
        ("v4l2:/dev/null", True),
        ("v4l2:/dev/../dev/null", True),
        ("v4l2:/dev/zero", False),
        ("v4l2:name=pro webcam", True),
        ("v4l2:name=C930", False),
        ("picamera2", False),
        ("testcard", False),
    ],
)
def test_a_source_means_the_attached_camera_however_it_is_written(source: str, is_it: bool) -> None:
    assert cameras.means(source, WEBCAM) == is_it


def test_the_first_pi_camera_needs_no_number() -> None:
    first, second = ({"source": f"picamera2:{number}", "name": "imx708", "path": ""} for number in (0, 1))
    assert cameras.means("picamera2", first)
    assert cameras.means("picamera2:1", second)
    assert not cameras.means("picamera2", second)


@pytest.mark.medium
async def test_attached_cameras_say_who_uses_them(config: Config) -> None:
    async with serving(config) as site:
        status, found = await call(site, "GET", "/attached")
    assert status == 200
    assert all("used_by" in camera for camera in found["cameras"])
