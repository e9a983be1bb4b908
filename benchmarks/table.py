"""Aligned text tables: of what was measured, and of two runs beside each other."""

from collections.abc import Sequence

from benchmarks.results import Results

MISSING = "-"
NOISE = 0.05
"""A change by no more than this share happens between two runs of the same code."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    return "\n".join(_line(row, widths) for row in (head, ["-" * width for width in widths], *rows))


def number(value: float | None, digits: int = 2) -> str:
    """A figure in a table; a dash for what was not measured."""
    return MISSING if value is None else f"{value:.{digits}f}"


def ratio(value: float | None, base: float | None) -> str:
    """So many times the base."""
    return MISSING if value is None or not base else f"{value / base:.2f}x"


def change(old: float, new: float) -> str:
    """In percent of the old."""
    return MISSING if not old else f"{(new - old) / abs(old) * 100:+.0f}%"


def comparison(old: Results, new: Results) -> str:
    """Every figure that both runs have, and its change in percent."""
    rows = []
    for name, result in new.items():
        if name in old:
            before, now = old[name].value, result.value
            verdict = "better" if (now > before) == result.more_is_better else "worse"
            if abs(now - before) <= NOISE * abs(before):
                verdict = ""
            rows.append([name, number(before), number(now), result.unit, change(before, now), verdict])
    return table(["figure", "before", "now", "unit", "change", ""], rows)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
    return "  ".join([row[0].ljust(widths[0]), *cells[1:]]).rstrip()
