"""The copy of the configuration that processes read: it names the file that it was made of."""

from pathlib import Path

import pytest

from framebus.config.checked_copy import FILE_NAME, ORIGINAL, Original, copy_of, original_of
from framebus.config.load import ConfigError, load


def copy(folder: Path, text: str, original: Original) -> Path:
    file = folder / FILE_NAME
    file.write_bytes(copy_of(text.encode(), original))
    return file


@pytest.mark.parametrize("text", ["", "a = 1", "a = 1\n", "a = 1\r\n", "# a comment"])
@pytest.mark.parametrize("path", [Path('/etc/a "b"/ü.toml'), None])
def test_a_copy_names_its_original(text: str, path: Path | None) -> None:
    original = Original(path, Path("/etc/a b"))

    found = original_of(copy_of(text.encode(), original).decode())
    assert found is not None
    assert (found.path, found.folder) == (original.path, original.folder)


@pytest.mark.parametrize("text", ["", "a = 1", "# framebus up made this copy of nothing", "a = 1 # framebus up made"])
def test_another_file_is_no_copy(text: str) -> None:
    assert original_of(text) is None


def test_messages_name_the_original_and_paths_are_relative_to_it(tmp_path: Path) -> None:
    original = Original(tmp_path / "there" / "my.toml", tmp_path / "there")
    config = load(copy(tmp_path, 'secrets = "s"\n[camera.clip]\nsource = "clip.mp4"\n', original))
    assert config.path == original.path
    assert config.secrets == original.folder / "s"
    assert config.cameras["clip"].source.target == f"{original.folder}/clip.mp4"

    for text, message in [("[camera.front]\nfps = 0\n", "camera.front.fps: found 0"), ("a = b\n", "line 1, column 5:")]:
        with pytest.raises(ConfigError) as caught:
            load(copy(tmp_path, text, original))
        assert str(caught.value).startswith(f"{original.path}: {message}")


def test_a_copy_that_was_deleted_is_replaced_by_its_original(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = tmp_path / "my.toml"
    original.write_text("[camera.side]\n")
    monkeypatch.setenv(ORIGINAL, str(original))
    assert list(load(tmp_path / FILE_NAME).cameras) == ["side"]

    monkeypatch.setenv(ORIGINAL, "")
    assert list(load(tmp_path / FILE_NAME).cameras) == ["front"]


def test_another_file_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ORIGINAL, "")

    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "other.toml")
