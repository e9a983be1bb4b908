"""The copy of framebus for the service takes the place of an earlier copy, and of nothing else."""

from pathlib import Path

import pytest

from framebus.installation import program
from framebus.installation.step import InstallationError


@pytest.mark.parametrize("kind", ["files", "folders", "hidden files", "a file"])
def test_what_framebus_did_not_make_is_refused_and_stays(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "opt" / "framebus"
    kept = {"files": folder / "notes", "folders": folder / "a" / "b", "hidden files": folder / ".a", "a file": folder}[
        kind
    ]
    kept.parent.mkdir(parents=True)
    kept.write_text("of the user")
    with pytest.raises(InstallationError) as refused:
        program.copy(folder)
    assert str(refused.value) == f"{folder} exists and is not a copy that framebus made; move it away first"
    assert kept.read_text() == "of the user"
    assert list(folder.parent.iterdir()) == [folder]


def test_an_earlier_copy_and_an_empty_folder_are_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "framebus"
    assert not program.is_of_others(folder)
    folder.mkdir()
    assert not program.is_of_others(folder)
    (folder / "bin").mkdir()
    (folder / "pyvenv.cfg").touch()
    assert not program.is_of_others(folder)
