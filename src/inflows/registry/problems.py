"""Everything that is wrong with an import, told in one error that names each line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from inflows.errors import UsageError

SHOWN: Final = 20
FILE: Final = "_file"
LINE: Final = "_line"
PLACE: Final = {FILE: pl.UInt32(), LINE: pl.UInt32()}
"""Where a row was read: the number of its file, and its line there (header: 1) or its row (Parquet)."""
PROBLEMS: Final = {**PLACE, "problem": pl.String()}


@dataclass
class Problems:
    """Collects what is wrong, of all files of one import."""

    files: Sequence[str]
    is_parquet: Sequence[bool]
    _frames: list[pl.DataFrame] = field(default_factory=list)
    _lines: list[tuple[int, int, str]] = field(default_factory=list)

    def add(self, problems: pl.DataFrame) -> None:
        """Add rows of FILE, LINE, problem."""
        self._frames.append(problems.select(pl.col(name).cast(dtype) for name, dtype in PROBLEMS.items()))

    def add_line(self, file: int, line: int, problem: str) -> None:
        """Add one line's problem."""
        self._lines.append((file, line, problem))

    def all(self) -> pl.DataFrame:
        """All problems (PROBLEMS), by place."""
        lines = pl.DataFrame(self._lines, schema=PROBLEMS, orient="row")
        return (
            pl.concat([*self._frames, lines])
            .unique(maintain_order=True)
            .sort(FILE, LINE, maintain_order=True)
        )

    def place(self, file: int, line: int) -> str:
        """How errors name a row."""
        return f"{self.files[file]}: row {line}" if self.is_parquet[file] else f"{self.files[file]}:{line}"

    def refuse(self, table: str) -> None:
        """Raise UsageError if anything is wrong."""
        problems = self.all()
        if problems.is_empty():
            return
        bad = problems.select(*PLACE).n_unique()
        lines = [f"{self.place(file, line)}: {what}" for file, line, what in problems.head(SHOWN).rows()]
        more = problems.height - len(lines)
        if more:
            lines.append(f"and {more:,} more")
        rows = "1 line" if bad == 1 else f"{bad:,} lines"
        raise UsageError(
            f"{rows} cannot be imported as {table}, so nothing was stored:\n" + "\n".join(lines) + ".",
            "Correct the lines and import the file again.",
        )
