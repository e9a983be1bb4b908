"""Steps of an installation. Each says what it does, does nothing that is done already, and can be undone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from framebus.errors import FramebusError


class InstallationError(FramebusError):
    """Why a step failed, in one sentence."""


Undo = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One step."""

    text: str
    """What it does, such as "create user framebus"."""
    is_done: Callable[[], bool]
    do: Callable[[], Undo | None]
    """Does it, and returns how to undo it; None if nothing is left to undo. It raises OSError or InstallationError."""


def carry_out(
    steps: Iterable[Step],
    say: Callable[[str], None],
    *,
    dry_run: bool = False,
    after_undo: Step | None = None,
) -> None:
    """Do the steps that are not done yet, in their order. If one fails, undo those before it.

    Args:
        steps: The steps.
        say: Called with a line for each step.
        dry_run: Only say what would be done.
        after_undo: What is done when a step has failed and everything before it was undone, unless it is done already.

    Raises:
        InstallationError: A step failed; what was done before it was undone.
    """
    done: list[tuple[Step, Undo]] = []
    for step in steps:
        if step.is_done():
            say(f"ok    {step.text}")
            continue
        say(f"{'would' if dry_run else 'now'.ljust(5)} {step.text}")
        if dry_run:
            continue
        try:
            undo = step.do()
        except (OSError, InstallationError) as error:
            reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
            _undo(done, say)
            if after_undo is not None and not after_undo.is_done():
                _try(after_undo.text, after_undo.do, say)
            raise InstallationError(f"cannot {step.text}: {reason}") from None
        if undo is not None:
            done.append((step, undo))


def _undo(done: list[tuple[Step, Undo]], say: Callable[[str], None]) -> None:
    for step, undo in reversed(done):
        _try(step.text, undo, say)


def _try(text: str, undo: Callable[[], object], say: Callable[[str], None]) -> None:
    say(f"undo  {text}")
    try:
        undo()
    except (OSError, InstallationError) as error:
        say(f"      this could not be undone: {error}")
