"""Rows as a table of plain text: numbers to the right, and nothing cut off whatever the width.

Where a line would be wider than the terminal, the columns are printed in blocks, one below the other, each
of which begins with the columns that name the row.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

GAP = "  "


@dataclass(frozen=True)
class Column:
    """A heading (of one line or more), the cells below it, and whether they are numbers."""

    heading: str
    cells: Sequence[str]
    is_number: bool = False

    @cached_property
    def width(self) -> int:
        """The places that the widest of its texts takes."""
        return max(map(width, (*self.heading_lines, *self.cells)), default=0)

    @cached_property
    def heading_lines(self) -> list[str]:
        """The lines of the heading."""
        return self.heading.split("\n")

    def line(self, text: str) -> str:
        """One text, filled up to the width."""
        blank = " " * (self.width - width(text))
        return blank + text if self.is_number else text + blank


def written(columns: Sequence[Column], *, fit: int | None = None, names: int = 1) -> str:
    """The table. fit: the width of the terminal, if it has one; names: how many columns name a row."""
    columns = [
        Column("\n".join(map(plain, c.heading_lines)), [plain(cell) for cell in c.cells], c.is_number)
        for c in columns
    ]
    return "\n\n".join(_block(block) for block in _blocks(columns, fit, names))


def plain(text: str) -> str:
    """Text without effect on a terminal: control characters and line ends stand as their escapes."""
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in text
    )


def width(text: str) -> int:
    """The places of a terminal that a text takes: East Asian wide signs take two, accents none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )


def _blocks(columns: Sequence[Column], fit: int | None, names: int) -> list[list[Column]]:
    """The columns in groups that fit, each after the naming columns."""
    naming, rest = list(columns[:names]), list(columns[names:])
    start = sum(column.width + len(GAP) for column in naming)
    blocks: list[list[Column]] = [[]]
    used = start
    for column in rest:
        if fit is not None and blocks[-1] and used + column.width > fit:
            blocks.append([])
            used = start
        blocks[-1].append(column)
        used += column.width + len(GAP)
    return [naming + block for block in blocks]


def _block(columns: Sequence[Column]) -> str:
    widths = [column.width for column in columns]
    high = max((len(column.heading_lines) for column in columns), default=1)
    above = [[""] * (high - len(column.heading_lines)) + column.heading_lines for column in columns]
    lines = [
        *zip(*above, strict=True),
        ["-" * size for size in widths],
        *zip(*(column.cells for column in columns), strict=True),
    ]
    return "\n".join(
        GAP.join(column.line(text) for column, text in zip(columns, line, strict=True)).rstrip()
        for line in lines
    )
