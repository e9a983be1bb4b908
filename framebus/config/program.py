"""What a [program.NAME] table of framebus.toml may say: a process of the user's beside those of framebus."""

import json
import re
from pathlib import Path
from typing import Annotated, Any

import msgspec

from framebus.config.strict_toml import ConfigProblems, convert_table

MAX_PROGRAMS = 32
MAX_PROGRAM_BYTES = 64 * 1024
"""Of all texts of a table, as JSON. One variable passes them on, as base64; the kernel takes 128 KiB (execve(2))."""
PYTHON = "{python}"
"""In a command: the Python that framebus itself runs with."""
VARIABLE_PATTERN = r"[A-Za-z_][A-Za-z0-9_]*"
COMMAND_ALLOWED = 'a list of words, such as ["{python}", "detector.py"]'


class ProgramConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A [program.NAME] table."""

    command: Annotated[list[str], msgspec.Meta(min_length=1, description=COMMAND_ALLOWED)] = []
    directory: Annotated[str, msgspec.Meta(min_length=1, description="the path of a folder")] = "."
    environment: Annotated[
        dict[str, str], msgspec.Meta(description='a table of names and texts, such as { MODEL = "small" }')
    ] = {}

    def words(self, python: str) -> list[str]:
        """The command, with the path of Python in it."""
        return [word.replace(PYTHON, python) for word in self.command]


def programs(tables: Any, folder: Path, is_name: re.Pattern[str], mistakes: ConfigProblems) -> dict[str, ProgramConfig]:
    """Check all [program.NAME] tables; paths are made absolute."""
    if not isinstance(tables, dict):
        mistakes.add("program", tables, "tables: [program.NAME]")
        return {}
    if len(tables) > MAX_PROGRAMS:
        mistakes.add("program", f"{len(tables)} programs", f"at most {MAX_PROGRAMS}")
    found = {}
    for name, table in tables.items():
        where = f"program.{name}"
        if not is_name.match(name):
            mistakes.add(where, name, "a program's name is 1 to 32 of a-z, 0-9, - and _, the first a letter or a digit")
        program = convert_table(table, ProgramConfig, where, mistakes)
        if isinstance(table, dict) and "command" not in table:
            mistakes.add(f"{where}.command", "nothing", COMMAND_ALLOWED)
        if any("\0" in word for word in (*program.command, *program.environment.values(), program.directory)):
            mistakes.add(where, "a NUL", "texts without one")
        texts = json.dumps([program.command, program.environment, program.directory])
        if len(texts) > MAX_PROGRAM_BYTES:
            mistakes.add(where, f"texts of {len(texts)} bytes", f"at most {MAX_PROGRAM_BYTES}")
        for variable in program.environment:
            if not re.fullmatch(VARIABLE_PATTERN, variable):
                mistakes.add(f"{where}.environment", variable, "names of letters, digits and _, the first no digit")
        found[name] = msgspec.structs.replace(program, directory=str(folder / Path(program.directory)))
    return found
