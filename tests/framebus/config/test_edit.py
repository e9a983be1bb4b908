import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.config.edit import EditError, with_key

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
        ("[gateway]\n# why\nworkers = 2\n", f"[gateway]\n{OPEN}\n# why\nworkers = 2\n"),
        ("[gateway]\nlisten = '::1:80' # why\n[camera.a]\n", f"[gateway]\n{OPEN} # why\n[camera.a]\n"),
        ('[gateway]\r\nlisten = "a:1"\r\n', f"[gateway]\r\n{OPEN}\r\n"),
        ('[ gateway ] # x\n\tlisten="a:1"\n', f"[ gateway ] # x\n\t{OPEN}\n"),
        ('[snapshot]\nlisten = "tcp://a:1"\n', f'[snapshot]\nlisten = "tcp://a:1"\n\n[gateway]\n{OPEN}\n'),
        (f"[gateway]\n{OPEN}#\n", f"[gateway]\n{OPEN}#\n"),
    ],
)
def test_comments_line_ends_and_other_tables_stay(before: str, after: str) -> None:
    assert opened(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "gateway = { listen = 'a:1' }\n",
        "gateway.listen = 'a:1'\n",
        "[gateway]\n'listen' = 'a:1'\n",
        "[gateway]\nallow_hosts = [\n'a',\n]\nlisten = '''\n[x]'''\n",
        "[gateway\n",
        "gateway = 3\n",
    ],
)
def test_what_is_written_in_another_way_is_refused(text: str) -> None:
    with pytest.raises(EditError):
        opened(text)


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
