"""Peers that were built elsewhere are found, and come before installed ones."""

import os
import re
import shutil
from pathlib import Path

import pytest

from benchmarks.peers import MJPG_STREAMER, USTREAMER, prefer
from benchmarks.processes import BenchError


def program(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return file


def test_programs_at_any_depth_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.environ["PATH"])
    theirs = program(tmp_path / "peers" / "ustreamer-6.62", USTREAMER)
    (tmp_path / "peers" / "docs" / USTREAMER).mkdir(parents=True)
    assert prefer(tmp_path / "peers") == [str(theirs)]
    assert shutil.which(USTREAMER) == str(theirs)


def test_mjpg_streamer_is_taken_where_its_plugins_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.environ["PATH"])
    program(tmp_path / "build", MJPG_STREAMER)
    whole = program(tmp_path / "whole", MJPG_STREAMER)
    for plugin in ("input_uvc.so", "output_http.so"):
        (tmp_path / "whole" / plugin).touch()
    assert prefer(tmp_path) == [str(whole)]


def test_a_folder_without_peers_is_named(tmp_path: Path) -> None:
    text = f"{tmp_path} has no program ustreamer and none mjpg_streamer; build at least one there"
    with pytest.raises(BenchError, match=f"^{re.escape(text)}$"):
        prefer(tmp_path)
