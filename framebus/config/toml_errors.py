"""What tomllib says about a file that is not TOML, in words that say what to change, with the line and a mark."""

import re

MAX_SHOWN = 100
"""Characters of a line that are shown."""
TYPOGRAPHIC_QUOTES = "“”„‟«»\u2018\u2019\u201a\u201b"
CONTROL_ALLOWED = r"an escape such as \n or \t in double quotation marks"
BOOLEANS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
CONFLICT_MARKS = ("<<<<<<<", "=======", ">>>>>>>")
"""What git writes into a file that two people have changed."""
NOT_CLOSED = "a list is not closed: ] is missing, or a comma between its values"
POSITION = re.compile(r" \(at line (\d+), column (\d+)\)$")
KEY = r'[A-Za-z0-9_-]+|"[^"]*"|\'[^\']*\''
ASSIGNMENT = re.compile(rf"\s*({KEY}(?:\s*\.\s*(?:{KEY}))*)\s*=\s*(.*)")
OPEN_VALUE = r"[^#]*=\s*(\[[^\]]*$|'[^']*$|\"[^\"]*$|\"\"\"|''')"
"""The start of a line whose value is not closed on it."""
TABLE = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")


def explain(text: str, error: str) -> str:
    """One message about the first syntax error of a TOML file.

    Args:
        text: the content of the file.
        error: what tomllib says.
    """
    position = POSITION.search(error)
    if position is None and not error.endswith(" (at end of document)"):  # a number of thousands of digits
        return f"not valid TOML: {error}"
    problem = POSITION.sub("", error).removesuffix(" (at end of document)")
    lines = re.split(r"\r?\n", text)
    number, column = (int(position[1]), int(position[2])) if position else _end(lines, problem)
    line = lines[number - 1] if number <= len(lines) else ""
    reason = _repeated(lines, number, problem) or _hint(line, problem) or problem
    return f"line {number}, column {column}: not valid TOML: {reason}\n{_excerpt(line, column)}"


def _end(lines: list[str], problem: str) -> tuple[int, int]:
    """The line and the column of a problem that tomllib finds at the end: where a value begins that is not closed."""
    if problem.startswith(("Unclosed array", "Unterminated", "Expected")) and (number := _line_of(lines, OPEN_VALUE)):
        return number, lines[number - 1].index("=") + 2
    number = next((index for index in range(len(lines), 0, -1) if lines[index - 1].strip()), 1)
    return number, len(lines[number - 1]) + 1


def _excerpt(line: str, column: int) -> str:
    """The line, and a caret under the column. Passwords in URLs are left out."""
    start = max(0, column - MAX_SHOWN // 2)
    before = _without_password(line[: column - 1])[start:].replace("\t", " ")
    shown = _without_password(line)[start : start + MAX_SHOWN].replace("\t", " ")
    return f"    {shown}\n    {' ' * len(before)}^"


def _without_password(line: str) -> str:
    return re.sub(r"""(://[^:/@\s"']*:)[^@\s"']+(?=@|$)""", r"\1…", line)


def _repeated(lines: list[str], number: int, problem: str) -> str | None:
    """The message for a key or a table that is there twice."""
    if not problem.startswith(("Cannot overwrite", "Cannot declare", "Cannot mutate", "Duplicate")):
        return None
    line = lines[number - 1]
    if table := TABLE.match(line):
        name = table[1]
        key = name.rpartition(".")[2].strip()
        earlier = _line_of(lines[: number - 1], rf"\s*(\[\s*{re.escape(name)}\s*\]|{re.escape(key)}\s*[.=])")
        where = f" on line {earlier}" if earlier else ""
        return f"[{name}] is there already{where}; allowed: one table of each name, with all of its keys"
    if assignment := ASSIGNMENT.match(line):
        key = assignment[1]
        begin = next((index for index in range(number - 1, 0, -1) if TABLE.match(lines[index - 1])), 0)
        earlier = _line_of(lines[begin : number - 1], rf"\s*{re.escape(key)}\s*[.=]")
        where = f" on line {begin + earlier}" if earlier else ""
        return f"{key} is set already{where}; allowed: each key once in a table"
    return None


def _line_of(lines: list[str], pattern: str) -> int:
    """The number of the last line that begins with the pattern, from 1; 0 for none."""
    return next((index for index in range(len(lines), 0, -1) if re.match(pattern, lines[index - 1])), 0)


def _hint(line: str, problem: str) -> str | None:
    """What to change in the line; None where only the parser's own words are left."""
    key, value = (match[1], match[2]) if (match := ASSIGNMENT.match(line)) else ("", "")
    if any(quote in line.partition("#")[0] for quote in TYPOGRAPHIC_QUOTES):
        return f'typographic quotation marks; allowed: plain ones ("), as in {key or "key"} = "text"'
    if line[:1].isspace() and line[:1] not in " \t":
        return f"the line begins with the character {line[:1]!a}; allowed: spaces and tabs"
    if problem.startswith(("Unterminated", "Illegal character '\\n'", 'Expected "\'"', "Expected '\"'")):
        return "the closing quotation mark is missing"
    if problem.startswith("Illegal character"):
        return f"a control character, {problem.removeprefix('Illegal character ')}; allowed: {CONTROL_ALLOWED}"
    if "hex value" in problem or "\\" in problem:
        return r"a single backslash in double quotation marks; allowed: \\, or single quotation marks around the text"
    if problem.startswith("Unclosed array"):
        return NOT_CLOSED
    if problem.startswith("Unclosed inline table"):
        return "a table is not closed: } is missing on the same line, or a comma between its keys"
    return _value_hint(key, value) if key else _line_hint(line)


def _line_hint(line: str) -> str | None:
    """What to change in a line that is no `key = value`."""
    stripped = line.strip()
    if stripped.startswith(("//", ";", "/*")):
        return "a comment begins with #"
    if stripped.startswith(CONFLICT_MARKS):
        return "a conflict of a merge is not resolved here"
    if (table := TABLE.match(stripped)) and (rest := stripped[table.end() :].strip()):
        return f"there is something after [{table[1]}]: {rest[:20]!r}; allowed: a comment, which begins with #"
    if stripped.startswith("["):
        name = re.sub(r"[\s:/]+", ".", stripped.strip("[] "))
        return f"a table begins with its name in brackets, without spaces, such as [{name}]"
    if colon := re.match(rf"({KEY})\s*:\s*(\S.*)?", stripped):
        return f"a key and its value stand around =, as in {colon[1]} = …"
    if re.fullmatch(rf"(?:{KEY})(?:\s.*)?", stripped):
        return f"a key and its value stand around =, as in {stripped.split()[0]} = …"
    return None


def _value_hint(key: str, rest: str) -> str | None:
    """What to change in the value of a key; `rest` is everything after its equals sign."""
    value = rest.partition(" #")[0].strip()
    if not value or value.startswith("#"):
        return f"a value is missing after {key} ="
    if value[0] == "=":
        return f"one = too many; write {key} = {value.lstrip('= ')}"
    if value[0] == "[" and value.count("[") > value.count("]"):
        return NOT_CLOSED
    if value[0] in "\"'[{":
        return (
            "there is something after the value; allowed: one key and one value on a line"
            if value[0] in "\"'"
            else None
        )
    plain = value.rstrip(",;")
    if plain.lower() in BOOLEANS:
        return f"allowed without quotation marks: true or false, in lower case; write {key} = {BOOLEANS[plain.lower()]}"
    if number := re.fullmatch(r"([+-]?\d+),(\d+)", plain):
        return f"a number takes a decimal point; write {key} = {number[1]}.{number[2]}"
    if re.fullmatch(r"[+-]?0\d+", plain):
        return f"a number has no zeros before it; write {key} = {int(plain)}"
    if plain != value and re.fullmatch(r"[+-]?\d+(\.\d+)?", plain):
        return f"a line does not end with {value[len(plain) :]!r}; write {key} = {plain}"
    return f'text takes quotation marks; write {key} = "{_without_password(plain.strip())}"'
