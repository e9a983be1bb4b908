from collections.abc import Callable

import pytest

from framebus.installation.step import InstallationError, Step, carry_out


class Files:
    """What is on the machine, and what steps change of it."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.said: list[str] = []

    def step(self, name: str, do: Callable[[], None] | None = None) -> Step:
        def make() -> Callable[[], None]:
            if do is not None:
                do()
            self.made.append(name)
            return lambda: self.made.remove(name)

        return Step(f"make {name}", lambda: name in self.made, make)


def fails() -> None:
    raise PermissionError(13, "Permission denied")


def test_each_step_is_said_and_done_once() -> None:
    files = Files()
    steps = [files.step("a"), files.step("b")]
    carry_out(steps, files.said.append)
    carry_out(steps, files.said.append)
    assert files.made == ["a", "b"]
    assert files.said == ["now   make a", "now   make b", "ok    make a", "ok    make b"]


def test_a_dry_run_does_nothing() -> None:
    files = Files()
    carry_out([files.step("a")], files.said.append, dry_run=True)
    assert (files.made, files.said) == ([], ["would make a"])


def test_what_was_done_is_undone_in_reverse_when_a_step_fails() -> None:
    files = Files()
    files.made.append("old")
    steps = [files.step("old"), files.step("a"), files.step("b"), files.step("c", fails), files.step("d")]
    with pytest.raises(InstallationError, match=r"\Acannot make c: Permission denied\Z"):
        carry_out(steps, files.said.append)
    assert files.made == ["old"]
    assert files.said == [
        "ok    make old",
        "now   make a",
        "now   make b",
        "now   make c",
        "undo  make b",
        "undo  make a",
    ]


def test_what_cannot_be_undone_is_said_and_the_rest_is_undone() -> None:
    files = Files()
    stuck = Step("make b", lambda: False, lambda: fails)
    with pytest.raises(InstallationError):
        carry_out([files.step("a"), stuck, files.step("c", fails)], files.said.append)
    assert files.made == []
    assert "      this could not be undone: [Errno 13] Permission denied" in files.said


def test_what_follows_an_undo_is_done_last_and_only_then() -> None:
    files = Files()
    files.step("old").do()

    def follows() -> None:
        assert files.made == ["old"], "everything was undone"
        files.said.append("followed")

    after_undo = Step("start it as before", lambda: False, follows)
    carry_out([files.step("old")], files.said.append, after_undo=after_undo)
    assert files.said == ["ok    make old"]
    with pytest.raises(InstallationError, match=r"\Acannot make b: Permission denied\Z"):
        carry_out([files.step("a"), files.step("b", fails)], files.said.append, after_undo=after_undo)
    assert files.said[3:] == ["undo  make a", "undo  start it as before", "followed"]
    with pytest.raises(InstallationError, match=r"\Acannot make b: Permission denied\Z"):
        carry_out([files.step("b", fails)], files.said.append, after_undo=Step("follow", lambda: False, fails))
    assert files.said[-1] == "      this could not be undone: [Errno 13] Permission denied"
