import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("tomlkit", reason="make installs it")

from framebus.config.edit import EditError, Value, with_key, with_keys, without_table

SAMPLE = (Path(__file__).parents[3] / "framebus.toml").read_text()
OPEN = 'listen = "0.0.0.0:8080"'


def opened(text: str) -> str:
    return with_key(text, "gateway", "listen", "0.0.0.0:8080")


def test_the_sample_changes_in_one_line() -> None:
    before, after = SAMPLE.splitlines(), opened(SAMPLE).splitlines()
    assert [(old, new) for old, new in zip(before, after, strict=True) if old != new] == [
        ('listen = "127.0.0.1:8080"', OPEN)
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"[gateway]\n{OPEN}\n"),
        ("# mine\n[camera.a]\n", f"# mine\n[camera.a]\n\n[gateway]\n{OPEN}\n"),
        ("[gateway]\n# why\nworkers = 2\n", f"[gateway]\n# why\nworkers = 2\n{OPEN}\n"),
        ("[gateway]\nlisten = '::1:80' # why\n[camera.a]\n", f"[gateway]\n{OPEN} # why\n[camera.a]\n"),
        ('[gateway]\r\nlisten = "a:1"\r\n', f"[gateway]\r\n{OPEN}\r\n"),
        ("[gateway]\r\nworkers = 2\r\n\r\n[a]\r\n", f"[gateway]\r\nworkers = 2\r\n{OPEN}\r\n\r\n[a]\r\n"),
        ('[ gateway ] # x\n\tlisten="a:1"\n', '[ gateway ] # x\n\tlisten="0.0.0.0:8080"\n'),
        ('[snapshot]\nlisten = "tcp://a:1"\n', f'[snapshot]\nlisten = "tcp://a:1"\n\n[gateway]\n{OPEN}\n'),
        (f"[gateway]\n{OPEN}#\n", f"[gateway]\n{OPEN}#\n"),
    ],
)
def test_comments_line_ends_and_other_tables_stay(before: str, after: str) -> None:
    assert opened(before) == after


def test_a_new_key_comes_before_the_comment_of_the_next_table() -> None:
    before = "[gateway]\nworkers = 2\n\n# The camera at the door.\n[camera.front]\n"
    assert opened(before) == before.replace("workers = 2\n", f"workers = 2\n{OPEN}\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("gateway = { listen = 'a:1' } # why\n", f"gateway = {{ {OPEN} }} # why\n"),
        ("gateway.listen = 'a:1'\n", f"gateway.{OPEN}\n"),
        ("[gateway]\n'listen' = 'a:1'\n", "[gateway]\n'listen' = \"0.0.0.0:8080\"\n"),
        (
            "[gateway]\nallow_hosts = [\n'a', # b\n]\nlisten = '''\n[x]'''\n",
            f"[gateway]\nallow_hosts = [\n'a', # b\n]\n{OPEN}\n",
        ),
    ],
)
def test_the_other_ways_to_write_a_table_are_known(before: str, after: str) -> None:
    assert opened(before) == after


@pytest.mark.parametrize(
    ("text", "why"),
    [("[gateway\n", "not valid TOML: Expected ']'"), ("gateway = 3\n", "gateway is no table")],
)
def test_what_is_no_configuration_is_refused(text: str, why: str) -> None:
    with pytest.raises(EditError, match=f"^{why}"):
        opened(text)


TWO = """# mine
[camera.a] # first
fps = 3 # why
controls = { x = 1 }

# About b.
[camera.b]
source = "auto"
[camera.b.controls]
y = 2

# The web.
[gateway]
workers = 2
"""


@pytest.mark.parametrize(
    ("values", "before", "after"),
    [
        ({"fps": 5}, "fps = 3 # why", "fps = 5 # why"),
        ({"title": 'Front "door"'}, "controls = { x = 1 }\n", 'controls = { x = 1 }\ntitle = "Front \\"door\\""\n'),
        ({"fps": None}, "fps = 3 # why\n", ""),
        ({"size": None}, "", ""),
        ({"fps": 3}, "", ""),
        ({"fps": 3.0}, "fps = 3 # why", "fps = 3.0 # why"),
    ],
)
def test_keys_of_one_camera_are_set_and_removed(values: dict[str, Value | None], before: str, after: str) -> None:
    assert with_keys(TWO, "camera.a", values) == TWO.replace(before, after, 1)


def test_a_new_camera_comes_at_the_end() -> None:
    assert with_keys(TWO, "camera.c", {"source": "auto", "fps": 7.5, "hflip": True, "size": None}) == (
        TWO + '\n[camera.c]\nsource = "auto"\nfps = 7.5\nhflip = true\n'
    )
    assert with_keys("", "camera.c", {"fps": 1}) == "[camera.c]\nfps = 1\n"
    assert with_keys("run_dir = 'x'\r\n", "camera.c", {"fps": 1}) == "run_dir = 'x'\r\n\r\n[camera.c]\r\nfps = 1\r\n"


def test_a_camera_is_removed_with_its_tables_and_the_comments_of_others_stay() -> None:
    assert without_table(TWO, "camera.b") == TWO.replace(
        '[camera.b]\nsource = "auto"\n[camera.b.controls]\ny = 2\n', ""
    )
    assert without_table(TWO, "camera.a") == TWO.replace(
        "[camera.a] # first\nfps = 3 # why\ncontrols = { x = 1 }\n", ""
    )
    assert without_table(SAMPLE, "camera.front").count("\n[") == SAMPLE.count("\n[") - 1


@pytest.mark.parametrize("text", ["camera.a.fps = 3\n", "[camera]\na = { fps = 3 }\n", 'x = """\n[camera.a]\n"""\n'])
def test_a_camera_that_is_written_in_an_unusual_way_is_not_removed(text: str) -> None:
    with pytest.raises(EditError, match=r"unusual place|there is no"):
        without_table(text, "camera.a")


@pytest.mark.medium
def test_a_command_that_changes_nothing_does_not_load_tomlkit() -> None:
    script = "import sys, framebus.commands.open; sys.exit('tomlkit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


LINES = st.sampled_from(
    [
        "[gateway]",
        "[camera.a]",
        "[[x]]",
        'listen = "a:1"',
        "fps = 3",
        "# c",
        "",
        "t = '''",
        "'''",
        "l = [",
        "]",
        "a.b = 1",
    ]
)


@given(st.lists(LINES, max_size=12))
def test_whatever_the_file_is_nothing_else_changes(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        after = opened(text)
    except EditError:
        return
    table = tomllib.loads(after)
    assert table["gateway"].pop("listen") == "0.0.0.0:8080"
    before = tomllib.loads(text)
    before.setdefault("gateway", {}).pop("listen", None)
    assert table == before
