"""A process that another one starts finds the modules of this framebus."""

import os
from pathlib import Path

import pytest

from framebus.runtime.process_environment import environment


@pytest.mark.parametrize("python_path", [None, "", "/srv/modules"])
def test_it_finds_the_modules_of_a_working_copy(
    python_path: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    if python_path is not None:
        monkeypatch.setenv("PYTHONPATH", python_path)

    assert environment("capture", tmp_path) == {
        **os.environ,
        "PYTHONPATH": f"{tmp_path}:{python_path}" if python_path else str(tmp_path),
    }


@pytest.mark.parametrize("folder", ["/usr/lib/python3/dist-packages", "/opt/venv/lib/python3.13/site-packages"])
def test_an_installed_framebus_needs_no_path(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/srv/modules")

    assert environment("capture", Path(folder)) == dict(os.environ)


def test_a_folder_with_another_module_of_that_name_is_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "gateway.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:/srv/modules")

    assert environment("gateway.export", Path("/srv/framebus"))["PYTHONPATH"] == "/srv/framebus:/srv/modules"
