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
    found: list[pl.DataFrame] = field(default_factory=list)

    def add(self, problems: pl.DataFrame) -> None:
        """Add rows of FILE, LINE, problem."""
        if not problems.is_empty():
            self.found.append(problems.select(pl.col(name).cast(dtype) for name, dtype in PROBLEMS.items()))

    def add_line(self, file: int, line: int, problem: str) -> None:
        """Add one line's problem."""
        self.add(pl.DataFrame({FILE: [file], LINE: [line], "problem": [problem]}))

    def places(self) -> pl.DataFrame:
        """FILE and LINE of every row with a problem, each once."""
        return pl.concat([pl.DataFrame(schema=PLACE), *(part.select(*PLACE) for part in self.found)]).unique()

    def place(self, file: int, line: int) -> str:
        """How errors name a row."""
        return f"{self.files[file]}: row {line}" if self.is_parquet[file] else f"{self.files[file]}:{line}"

    def refuse(self, table: str) -> None:
        """Raise UsageError if anything is wrong."""
        if not self.found:
            return
        problems = pl.concat(self.found).sort(FILE, LINE, maintain_order=True)
        bad = self.places().height
        lines = [f"{self.place(file, line)}: {what}" for file, line, what in problems.head(SHOWN).rows()]
        more = problems.height - len(lines)
        if more:
            lines.append(f"and {more:,} more")
        rows = "1 line" if bad == 1 else f"{bad:,} lines"
        raise UsageError(
            f"{rows} cannot be imported as {table}, so nothing was stored:\n" + "\n".join(lines) + ".",
            "Correct the lines and import the file again.",
        )
