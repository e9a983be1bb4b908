"""What a user does with an installed framebus, and what has to come of it."""

import json
import re
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from framebus.config.load import FILE_NAME
from tests.packaging.machine import Machine
from tests.ports import free_ports
from tests.processes import Running, wait_until

START_SECONDS = 60
MOTION = ("publishes the motion of front", "motion detection needs numpy, which is not installed")
"""What its process says first, with numpy and without it."""
STATIC = re.compile(r'(?:href|src)="([^":#]+\.(?:css|js|svg))"')


@dataclass(frozen=True)
class Site:
    """A running framebus."""

    url: str

    def get(self, path: str) -> bytes:
        """Raises OSError for any answer but 200."""
        with urllib.request.urlopen(f"{self.url}{path}", timeout=10) as answer:
            content: bytes = answer.read()
        return content

    def wait(self, running: Running) -> None:
        """Until its camera gives pictures, and the snapshot service stills."""
        wait_until(lambda: self._is_live(running), f"a picture; its log:\n{running.log}", START_SECONDS)

    def check(self) -> None:
        """The page with all that it loads, a still, and the first picture of a stream."""
        page = self.get("/").decode()
        assert "<title>" in page
        files = STATIC.findall(page)
        assert files
        for name in files:
            assert self.get(f"/{name.removeprefix('/')}")
        assert self.get("/snapshot.jpg").startswith(b"\xff\xd8")
        with urllib.request.urlopen(f"{self.url}/stream.mjpg", timeout=10) as stream:
            part: bytes = stream.read(2000)
        assert b"Content-Type: image/jpeg" in part
        assert b"\xff\xd8" in part

    def _is_live(self, running: Running) -> bool:
        assert running.process.poll() is None, f"it ended:\n{running.log}"
        try:
            cameras = json.loads(self.get("/api/cameras"))["cameras"]
            self.get("/snapshot.jpg")
        except OSError:
            return False
        return all(camera["state"] in ("live", "idle") and camera["seq"] for camera in cameras)


def processes(machine: Machine) -> list[str]:
    """The command lines of framebus's processes in a machine."""
    listed = machine.do("sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
    return re.findall(r"-m (?:capture|gateway|recorder|snapshot|supervisor|framebus)\b", listed)


def use(machine: Machine, command: str, user: str, version: str) -> None:
    """Do as the README says, with this command: its version, a configuration, everything up, a page, the end."""
    home = Path("/home", user)
    assert machine.do(command, "--version", user=user) == f"framebus {version}\n"
    sample = machine.do(command, "config", user=user)
    (port,) = free_ports(1)
    file = home / FILE_NAME
    text = sample.replace('source = "auto"', 'source = "testcard"').replace(":8080", f":{port}")
    text = text.replace("\nmotion = false\n", "\nmotion = true\n")
    machine.path(str(file)).write_text(text)
    said = machine.do(command, "config", "--check", str(file), user=user)
    assert said == f"{file}: no mistakes; cameras: front\n"
    up = machine.start(command, "up", "--config", str(file), user=user)
    site = Site(f"http://127.0.0.1:{port}")
    try:
        site.wait(up)
        site.check()
        wait_until(lambda: any(said in up.log for said in MOTION), "motion detection starts", START_SECONDS)
        found = machine.do(command, "doctor", "--config", str(file), user=user)
        assert "\nok    framebus serves at" in found
        assert "videodev2 0.0." in found
        assert found.endswith("\nNo problems found.\n"), found
    finally:
        status = machine.terminate(up)
    assert status == 0, up.log
    assert "Traceback" not in up.log, up.log
    assert not processes(machine)
