"""One installation at a time."""

from pathlib import Path

import pytest

from framebus.installation.lock import locked
from framebus.installation.step import InstallationError


def test_a_second_installation_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with locked(file), pytest.raises(InstallationError, match=r"^another framebus install or uninstall is running;"):
        locked(file).__enter__()
    with locked(file):
        assert file.stat().st_mode & 0o777 == 0o600


def test_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to("theirs")
    with pytest.raises(InstallationError, match=r"lock cannot be opened: Too many levels of symbolic links"):
        locked(tmp_path / "lock").__enter__()
    assert not (tmp_path / "theirs").exists()
