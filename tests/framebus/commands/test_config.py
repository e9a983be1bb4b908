"""`framebus config`: the sample that it prints, and what it says of a configuration."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from framebus.__main__ import main
from framebus.commands.config import sample
from tests.processes import python

ROOT = Path(__file__).parents[3]


def config(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["framebus", "config", *arguments])
    return main()


def test_it_prints_the_commented_sample(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert config(monkeypatch) == 0
    assert capsys.readouterr() == ((ROOT / "framebus.toml").read_text(), "")
    assert sample() == ROOT / "framebus.toml"


def test_what_it_prints_is_a_configuration_without_mistakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "framebus.toml"
    file.write_text(sample().read_text())
    assert config(monkeypatch, "--check", str(file)) == 0


@pytest.mark.medium
def test_an_installed_package_holds_the_sample(tmp_path: Path) -> None:
    """As the wheel is built: hatchling puts the file into the package."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert build["force-include"]["framebus.toml"] == "framebus/framebus.toml"
    package = tmp_path / "site-packages" / "framebus"
    shutil.copytree(ROOT / "framebus", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "framebus.toml", package)
    script = f"import sys; sys.path.insert(0, {str(package.parent)!r}); import framebus.commands.config as command"
    printed = subprocess.run(
        [sys.executable, "-P", "-c", f"{script}; print(command.sample())"],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert printed.stdout == f"{package}/framebus.toml\n", printed.stderr


@pytest.mark.medium
def test_a_reader_that_ends_early_is_no_error() -> None:
    command = " ".join(python("framebus", "config"))
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | head -c 10"], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert (done.stdout, done.stderr) == ("# The conf", "")


@pytest.mark.parametrize(
    ("content", "sentences"),
    [
        (
            "[camera.front]\nfps = 0\nsize = 5\n[gateway]\nmax_viewers = 0\n",
            [
                "camera.front.fps: found 0; allowed: frames a second, more than 0 and at most 240",
                'camera.front.size: found 5; allowed: WIDTHxHEIGHT in pixels, each from 16 to 8192, such as "1280x720"',
                "gateway.max_viewers: found 0; allowed: a whole number from 1 to 100000",
            ],
        ),
        ("[gateway\n", ["line 1, column 9: not valid TOML: a table begins with its name in brackets"]),
        ('[gateway]\nlisten = "0.0.0.0:8080"\n', ['gateway.listen: found "0.0.0.0:8080"; allowed: ']),
    ],
)
def test_every_mistake_is_a_sentence(
    content: str,
    sentences: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(content)
    assert config(monkeypatch, "--check", str(file)) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = [line for line in printed.err.splitlines() if not line.startswith("    ")]  # without the quoted line
    assert len(lines) == len(sentences)
    for line, sentence in zip(lines, sentences, strict=True):
        assert line.startswith(f"{file}: {sentence}")


def test_a_file_without_mistakes_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "good.toml"
    file.write_text('[camera.front]\nsource = "testcard"\n[camera.back]\nsource = "testcard"\n')
    assert config(monkeypatch, "--check", str(file)) == 0
    assert capsys.readouterr() == (f"{file}: no mistakes; cameras: front, back\n", "")
    monkeypatch.setenv("FRAMEBUS_CONFIG", str(file))
    assert config(monkeypatch, "--check") == 0
    assert capsys.readouterr().out == f"{file}: no mistakes; cameras: front, back\n"
    assert config(monkeypatch, "--check", "--config", str(tmp_path / "none.toml")) == 2


def test_a_file_that_is_missing_is_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert config(monkeypatch, "--check", str(tmp_path / "none.toml")) == 2
    assert capsys.readouterr().err == (
        f"{tmp_path}/none.toml: No such file or directory; allowed: a file that can be read\n"
    )
