"""Aligned text tables of results, and of the comparison of two runs."""

from collections.abc import Sequence

from benchmarks.results import Results

MISSING = "-"
NOISE = 0.05
"""Changes up to this fraction occur between two runs of the same code."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Format a table: the first column aligned to the left, the others to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    return "\n".join(_line(row, widths) for row in (head, ["-" * width for width in widths], *rows))


def number(value: float | None, digits: int = 2) -> str:
    """Format a value; a dash if it was not measured."""
    return MISSING if value is None else f"{value:.{digits}f}"


def ratio(value: float | None, base: float | None) -> str:
    """Format a multiple of a base value."""
    return MISSING if value is None or not base else f"{value / base:.2f}x"


def change(old: float, new: float) -> str:
    """Format a change in percent of the old value."""
    return MISSING if not old else f"{(new - old) / abs(old) * 100:+.0f}%"


def comparison(old: Results, new: Results) -> str:
    """Return a table of the values that both runs have, and their changes."""
    rows = []
    for name, result in new.items():
        if name in old:
            before, now = old[name].value, result.value
            verdict = "better" if (now > before) == result.more_is_better else "worse"
            if abs(now - before) <= NOISE * abs(before):
                verdict = ""
            rows.append([name, number(before), number(now), result.unit, change(before, now), verdict])
    return table(["value", "before", "now", "unit", "change", ""], rows)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
    return "  ".join([row[0].ljust(widths[0]), *cells[1:]]).rstrip()
