"""What has to be right before a release, and the checksums of its files."""

import subprocess
from pathlib import Path

from tests.debian.chroot import ROOT
from tests.packaging.release import SUMS, problems, publish


def copy(folder: Path, version: str, changelog: str) -> Path:
    """The files of a working copy that `problems` reads."""
    (folder / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n')
    (folder / "CHANGELOG.md").write_text(changelog)
    return folder


def test_a_release_is_committed_and_has_one_version_and_a_section_in_the_changelog(tmp_path: Path) -> None:
    assert problems(copy(tmp_path, "0.3.0", "# Changelog\n\n## 0.3.0 (2026-12-24)\n"), "0.3.0", "") == []


def test_each_mistake_is_named(tmp_path: Path) -> None:
    root = copy(tmp_path, "0.3.0", "# Changelog\n\n## Unreleased\n\n## 0.30 \n")
    assert problems(root, "0.2.9", " M README.md\n?? note\n") == [
        "not committed: README.md, note",
        "pyproject.toml has version 0.3.0, and framebus/__init__.py 0.2.9",
        "CHANGELOG.md has no section for 0.2.9, such as '## 0.2.9 (2026-12-24)'",
    ]


def test_the_versions_of_this_one_are_the_same() -> None:
    from framebus import __version__

    assert not [problem for problem in problems(ROOT, __version__, "") if "pyproject" in problem]


def test_all_files_have_the_same_bytes_twice_and_their_checksums(tmp_path: Path) -> None:
    assert publish(tmp_path) == 0
    names = {file.name for file in tmp_path.iterdir()}
    assert {Path(name).suffix for name in names} == {".whl", ".gz", ".deb", ""}
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", SUMS], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.count(": OK\n") == 3
