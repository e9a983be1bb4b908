"""The settings of a page whose service may not write its own configuration: what it can change, and what it cannot."""

import base64
import json
import tomllib
from collections.abc import Mapping
from typing import Any

from framebus.settings.config_file import version_of
from tests.packaging.booted import ADDRESS, Booted
from tests.packaging.recipes import USER
from tests.processes import wait_until

CONFIG = "/etc/framebus/framebus.toml"
SOCKET = "/run/framebus-settings.sock"
UNIT = "framebus-settings.service"
ANNOUNCEMENT = "/etc/avahi/services/framebus.service"
CALL = """
import json, sys, urllib.request, urllib.error
method, url, body, login = sys.argv[1:]
headers = {"Content-Type": "application/json"} | ({"Authorization": "Basic " + login} if login else {})
request = urllib.request.Request(url, body.encode() or None, headers, method=method)
try: answer = urllib.request.urlopen(request, timeout=60)
except urllib.error.HTTPError as error: answer = error
print(json.dumps([answer.status, json.load(answer)]))
"""
"""A request to /api/settings: prints the status and the answer."""
SEND = """
import base64, json, socket, sys
for line in json.load(sys.stdin):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(sys.argv[1])
        try:
            connection.sendall(base64.b64decode(line))
            answer = connection.makefile("rb").readline()
        except OSError:
            answer = b""
    print(answer.decode().strip() or "nothing", flush=True)
"""
"""Sends each of the lines over a connection of its own, and prints the answers."""
BASIC = "YW5uYTpjb3JyZWN0IGhvcnNl"
"""anna:correct horse"""


def settings(
    machine: Booted, method: str, path: str = "", body: Mapping[str, object] | None = None, login: str = ""
) -> tuple[int, dict[str, Any]]:
    """What the page sends, and gets."""
    url = f"http://127.0.0.1:8080/api/settings{path}"
    text = "" if body is None else json.dumps(body)
    status, answer = json.loads(machine.do("python3", "-c", CALL, method, url, text, login))
    return status, answer.get("error", answer)


def sent(machine: Booted, *lines: bytes, user: str = "framebus") -> list[str]:
    """The answers of the settings service to a user."""
    typed = json.dumps([base64.b64encode(line).decode() for line in lines])
    return machine.run("python3", "-c", SEND, SOCKET, user=user, typed=typed).stdout.splitlines()


def check_settings(machine: Booted) -> None:
    """A person at the page adds and removes a camera and lets the network in; the comments of the file stay."""
    before = machine.path(CONFIG).read_text()
    assert settings(machine, "GET")[1]["read_only"] == ""

    status, answer = settings(machine, "POST", "/cameras", {"name": "garden", "source": "testcard", "size": "320x240"})

    assert (status, answer.get("sentences")) == (200, ["camera garden was added"]), answer
    added = machine.path(CONFIG).read_text()
    assert added == f'{before.rstrip()}\n\n[camera.garden]\nsource = "testcard"\nsize = "320x240"\n'
    assert machine.path(f"{CONFIG}.old").read_text() == before
    assert machine.do("stat", "-c", "%U:%G %a", CONFIG, f"{CONFIG}.old") == "root:framebus 640\n" * 2
    assert settings(machine, "PATCH", "/cameras/garden", {"title": "Garden gate"})[0] == 200
    status, answer = settings(machine, "PATCH", "/cameras/garden", {"size": "huge"})
    assert (status, answer["code"]) == (400, "refused")
    assert settings(machine, "DELETE", "/cameras/garden")[0] == 200
    assert machine.path(CONFIG).read_text().rstrip() == before.rstrip()

    status, answer = settings(machine, "PUT", "/network", {"open": True})
    assert (status, answer["code"]) == (400, "refused"), "without users"
    assert settings(machine, "PUT", "/users/anna", {"password": "correct horse"})[0] == 200
    status, answer = settings(machine, "PUT", "/network", {"open": True}, BASIC)
    assert (status, answer["listen"]) == (202, "0.0.0.0:8080")
    wait_until(lambda: machine.http("/api/cameras", host=ADDRESS)[0] == 401, "a gateway that asks who it is")
    wait_until(lambda: machine.http("/api/cameras")[0] == 401, "the gateway on loopback")
    wait_until(machine.path(ANNOUNCEMENT).exists, "the announcement of the page")
    assert machine.do("stat", "-c", "%U:%G %a", ANNOUNCEMENT) == "root:root 644\n"
    assert settings(machine, "PUT", "/network", {"open": False}, BASIC)[0] == 202
    wait_until(lambda: machine.http("/", host=ADDRESS) == (0, b""), "no page for the network")
    wait_until(lambda: not machine.path(ANNOUNCEMENT).exists(), "the end of the announcement")
    machine.path("/var/lib/framebus/secrets").unlink()
    machine.path(CONFIG).write_text(before)
    machine.do("systemctl", "restart", "framebus.service")


def check_hostile_requests(machine: Booted) -> None:
    """Whoever has taken over the gateway can make the changes of the list, and nothing else."""
    before = machine.path(CONFIG).read_text()

    def line(change: Mapping[str, object], version: str = version_of(before)) -> bytes:
        return json.dumps({"change": change, "version": version}).encode() + b"\n"

    camera = {"do": "add-camera", "name": "x", "keys": {"source": "testcard"}}
    answers = sent(
        machine,
        b"run_dir = '/tmp'\n",
        b"[" * 20_000 + b"\n",
        b"x" * 1_000_000,
        line({"do": "write", "text": "user = 'root'"}),
        line(camera | {"path": "/etc/passwd"}),
        line(camera | {"name": "../x"}),
        line(camera | {"name": 'x]\nuser = "root"\n[y'}),
        line(camera | {"keys": {"source": "file:///etc/shadow"}}),
        line(camera | {"keys": {"source": "program"}}),
        line(camera | {"keys": {"source": 'http://h/"\n[program.x]\ncommand = "sh"'}}),
        line(camera | {"keys": {"source": "testcard", "publish": "tcp://0.0.0.0:1"}}),
        line({"do": "set-network", "open": True, "listen": "0.0.0.0:22"}),
        line(camera, "0" * 16),
    )
    assert all('"code":"not-allowed"' in answer or answer == "nothing" for answer in answers[:-1]), answers
    assert '"code":"changed"' in answers[-1]
    assert machine.path(CONFIG).read_text() == before
    refused = sent(machine, line(camera), user=USER)
    assert "PermissionError" in refused[-1]

    process = machine.do("systemctl", "show", "--value", "--property=MainPID", UNIT).strip()
    assert process != "0"
    found = dict(one.split(":\t") for one in machine.path(f"/proc/{process}/status").read_text().splitlines())
    assert (found["NoNewPrivs"], found["Seccomp"]) == ("1", "2")
    assert {found[name] for name in ("CapEff", "CapPrm", "CapBnd")} == {"0000000000000001"}, "CAP_CHOWN"
    assert len(machine.path(f"/proc/{process}/net/dev").read_text().splitlines()) == 3, "lo alone"

    machine.path(CONFIG).write_text(before + "settings = false\n")
    assert tomllib.loads(machine.path(CONFIG).read_text())["gateway"]["settings"] is False
    (answer,) = sent(machine, line(camera, version_of(before + "settings = false\n")))
    assert '"code":"off"' in answer
    machine.path(CONFIG).write_text(before)
    machine.path("/etc/framebus").chmod(0o777)
    assert '"code":"read-only"' in sent(machine, line(camera))[0]
    machine.path("/etc/framebus").chmod(0o755)
    machine.path(CONFIG).rename(machine.path("/etc/framebus/elsewhere"))
    machine.path(CONFIG).symlink_to("/etc/framebus/elsewhere")
    assert '"code":"read-only"' in sent(machine, line(camera))[0]
    machine.path(CONFIG).unlink()
    machine.path("/etc/framebus/elsewhere").rename(machine.path(CONFIG))
    wait_until(lambda: machine.run("systemctl", "is-active", UNIT).stdout.strip() == "inactive", "its end", 60)
    assert json.loads(sent(machine, line(camera))[0]) == {}, "and it starts again"
    assert settings(machine, "POST", "/reload", {})[0] == 202
    wait_until(lambda: settings(machine, "DELETE", "/cameras/x")[0] == 200, "the end of that camera")
    machine.path(CONFIG).write_text(before)
