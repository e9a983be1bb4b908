"""Requested recordings outlive the process, within one boot of the machine."""

from pathlib import Path

import pytest

from recorder.demands import Demands

NOW = 1000.0


def test_what_was_requested_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "demands"
    assert Demands(file, "7d1f").read(NOW) == {}
    Demands(file, "7d1f").write({"front": 60.0, "back": None, "attic": 5.0}, NOW)

    assert Demands(file, "7d1f").read(NOW + 10) == {"front": 50.0, "back": None}
    assert Demands(file, "another boot").read(NOW) == {}
    Demands(file, "7d1f").write({}, NOW)
    assert Demands(file, "7d1f").read(NOW) == {}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"boot":"7d1f","until":{"front":"now"}}', b"[]"])
def test_a_damaged_file_is_said_and_left_out(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "demands").write_bytes(content)

    assert Demands(tmp_path / "demands", "7d1f").read(NOW) == {}
    assert "requested recordings that cannot be read" in caplog.text


def test_a_folder_that_takes_nothing_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Demands(tmp_path / "none" / "demands", "7d1f").write({"front": None}, NOW)

    assert f"requested recordings that a restart would end (1 in all): {tmp_path}/none/demands: " in caplog.text
