"""docs/stills.md: it leaves out no parameter, no flag, no header and no code, and names no other."""

import inspect
import re
from pathlib import Path

import snapshot.clips
import snapshot.conversion
import snapshot.converters
import snapshot.still_service
from framebus.commands import snapshot as command
from framebus.protocol.frame import Frame
from framebus.protocol.stills import SnapshotRequest
from gateway.cameras import stills_client
from gateway.http.still_headers import headers
from tests.framebus.golden.make import FRAME, JPEG

TEXT = (Path(__file__).parents[2] / "docs" / "stills.md").read_text()


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", TEXT, flags=re.M | re.S)
    assert found, title
    return found[1]


def rows(title: str) -> list[list[str]]:
    lines = re.findall(r"^\|.*\|$", section(title), re.M)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_parameter_is_there_and_no_other() -> None:
    named = {name for row in rows("What to ask for") for name in re.findall(r"`(\w+)=", row[0])}
    assert named == set(SnapshotRequest.__struct_fields__) - {"v", "camera"}


def test_every_flag_is_there_and_no_other() -> None:
    named = {name for row in rows("What to ask for") for name in re.findall(r"`--([\w-]+)", row[1])}
    assert named == {wish.replace("_", "-") for wish in command.PARAMETERS} | {"fresh", "full", "upright"}


def test_every_header_is_there() -> None:
    sent = headers(Frame(FRAME, JPEG), SnapshotRequest(camera="front"))
    for name in sent:
        assert f"`{name}`" in section("What comes back"), name


def test_every_code_is_there_with_its_status_and_no_other() -> None:
    modules = (snapshot.still_service, snapshot.clips, snapshot.conversion, snapshot.converters)
    text = "".join(map(inspect.getsource, modules))
    codes = set(re.findall(r'StillError\(\s*"([a-z-]+)"', text))
    found = re.findall(r"^\| (\d+) \| `([a-z-]+)` \|", section("What comes back"), re.M)
    listed = {code: int(status) for status, code in found}
    assert listed == {code: stills_client.STATUSES.get(code, 503) for code in codes}
