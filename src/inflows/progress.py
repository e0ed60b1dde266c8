"""Progress of long work on stderr: a bar on a terminal, a line every few seconds elsewhere.

Work that ends within two seconds says nothing outside a terminal. Standard output is never touched: it
belongs to the results.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

_QUIET_SECONDS: Final = 2.0
_EVERY_SECONDS: Final = 5.0


class Progress(Protocol):
    """What work reports to."""

    def advance(self, rows: int) -> None:
        """Say that this many more rows are done."""

    def moved_to(self, rows: int) -> None:
        """Say how many rows are done in all."""

    def begin(self, what: str, total: int | None) -> None:
        """Say that another piece of the work begins, and count from nothing."""


class _Silent:
    def advance(self, rows: int) -> None:
        """Say nothing."""

    def moved_to(self, rows: int) -> None:
        """Say nothing."""

    def begin(self, what: str, total: int | None) -> None:
        """Say nothing."""


def silent() -> Progress:
    """A reporter that says nothing."""
    return _Silent()


class _Lines:
    """A line every few seconds, for logs."""

    def __init__(self, what: str, total: int | None, unit: str) -> None:
        self.what, self.total, self.unit, self.done = what, total, unit, 0
        self.started = self.said = time.monotonic()

    def advance(self, rows: int) -> None:
        """Count, and write a line when it is time."""
        self.moved_to(self.done + rows)

    def moved_to(self, rows: int) -> None:
        """Set the count, and write a line when it is time."""
        self.done = rows
        now = time.monotonic()
        due = _QUIET_SECONDS if self.said == self.started else _EVERY_SECONDS
        if now - self.said >= due:
            self.said = now
            line = progress_line(self.what, self.done, self.total, now - self.started, self.unit)
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    def begin(self, what: str, total: int | None) -> None:
        """Count another piece of the work; the next line is due as if the work went on."""
        self.what, self.total, self.done = what, total, 0
        quiet_yet = self.said == self.started
        self.started = time.monotonic()
        if quiet_yet:
            self.said = self.started


class _OnTerminal:
    def __init__(self, bar: Bar, what: str, total: int | None, unit: str) -> None:
        self.bar, self.unit, self.done = bar, unit, 0
        self.task = bar.add_task(what, total=total, rate="")

    def advance(self, rows: int) -> None:
        """Move the bar on."""
        self.moved_to(self.done + rows)

    def moved_to(self, rows: int) -> None:
        """Move the bar to a place."""
        self.done = rows
        self.bar.update(self.task, completed=rows)
        # Found by its id: that is its place in the list only until a task is removed.
        speed = next(task.speed for task in self.bar.tasks if task.id == self.task)
        if speed:
            self.bar.update(self.task, rate=f"{speed:,.0f} {self.unit}/s")

    def begin(self, what: str, total: int | None) -> None:
        """Draw the bar of another piece of the work in place of this one."""
        self.bar.remove_task(self.task)
        self.done = 0
        self.task = self.bar.add_task(what, total=total, rate="")


def progress_line(what: str, done: int, total: int | None, seconds: float, unit: str = "rows") -> str:
    """One line of progress: what, how much, rate, and the time left where the total is known."""
    rate = done / seconds if seconds > 0 else 0.0
    line = f"{what}: {done:,} {unit}" if total is None else f"{what}: {done:,} of {total:,} {unit}"
    line += f", {rate:,.0f} {unit}/s"
    if total is not None and done < total and rate > 0:
        line += f", about {(total - done) / rate:,.0f} s left"
    return line


@contextmanager
def reporter(
    what: str, total: int | None = None, *, unit: str = "rows", force: bool = False
) -> Iterator[Progress]:
    """Report amount, rate and time left of one piece of work; `force` draws the bar off a terminal too.

    unit: what is counted, in the plural.
    """
    if not (force or sys.stderr.isatty()):
        yield _Lines(what, total, unit)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True, force_terminal=force or None)
    with Bar(*columns, console=console, transient=True) as bar:
        yield _OnTerminal(bar, what, total, unit)
