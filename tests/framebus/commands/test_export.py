"""How an export gets its name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from framebus.commands import export


@pytest.mark.parametrize("begin", [Path.mkdir, lambda path: path.touch(exist_ok=False)], ids=["folder", "file"])
def test_two_exports_that_begin_at_once_leave_one(begin: Callable[[Path], None], tmp_path: Path) -> None:
    output = tmp_path / "run"

    def second(first: Path) -> None:
        with export.unfinished(output) as partial:  # the first one has not made it yet
            begin(first)
            begin(partial)

    with export.unfinished(output) as first:
        with pytest.raises(FileExistsError):
            second(first)
        assert first.exists()
    assert output.exists()
