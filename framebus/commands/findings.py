"""What a check of `framebus doctor` returns."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's: how bad it is, what is the case, and what to do."""

    level: Level
    text: str
    advice: str = ""
