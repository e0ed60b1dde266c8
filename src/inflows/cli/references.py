"""The commands `inflows references`: figures that others published, with ours beside them."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from inflows import files
from inflows.cli.options import (
    BasisOption,
    Data,
    KnownAt,
    LevelOption,
    OutputFormat,
    PrintFormat,
    ScopeOption,
    instant,
    now,
    settings,
)
from inflows.cli.show import Heading, show, times

SHOW_TABLE: dict[str, Heading] = {
    "period": ("Period", str),
    "jurisdiction": ("Where", str),
    "measure": ("Measure", str),
    "counted": ("Counted", str),
    "published": ("Published", str),
    "ours": ("Ours", str),
    "ratio_to_published": ("Ratio", times),
    "differs": ("What differs", str),
}
_SIGNS = {"above": "> ", "below": "< "}


def register(group: typer.Typer) -> None:
    """Add the commands to `inflows references`."""
    group.command("show")(show_references)
    group.command("import")(import_references)


def show_references(
    basis: BasisOption = "licence",
    scope: ScopeOption = "exchange",
    level: LevelOption = "base",
    output: OutputFormat = PrintFormat.table,
    data: Data = None,
) -> None:
    """Published figures with ours beside them, the ratio, and what makes them differ."""
    from inflows.warehouse.other_publication import compared

    frame = compared(settings(data).layout, basis=basis, scope=scope, level=level)
    columns, rows = list(frame.columns), frame.to_dicts()
    if output is PrintFormat.table:
        columns += ["published", "ours"]
        rows = [row | {"published": _published(row), "ours": _ours(row)} for row in rows]
    simulated = bool(frame["simulated"].any())
    title = f"Published figures and ours: basis {basis}, scope {scope}, level {level}"
    show(
        columns,
        [[row[name] for name in columns] for row in rows],
        output,
        title=f"{title} (SIMULATED data)" if simulated else title,
        headings=SHOW_TABLE,
        names=3,
    )


def import_references(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A CSV or Parquet file, a folder of them, or a glob")
    ],
    known_at: KnownAt = None,
    data: Data = None,
) -> None:
    """Import published figures besides those that come with the project."""
    from inflows.registry import imports

    known = instant(known_at, "--known-at")
    layout = settings(data).layout
    with files.writing(layout):
        done = imports.import_references(layout, path, known_at=known, now=now())
    print(done.sentence(), file=sys.stderr)


def _published(row: dict[str, Any]) -> str:
    return _SIGNS.get(row["bound"], "") + _written(
        row["published_usd"], row["published_ratio"], row["published_count"]
    )


def _ours(row: dict[str, Any]) -> str:
    usd = row["inflow_usd"] if row["measure"] == "received" else None
    return _written(usd, row["our_ratio"], row["our_count"])


def _written(usd: Decimal | None, ratio: Decimal | None, number: int | None) -> str:
    """A figure in its own unit."""
    if usd is not None:
        return f"US$ {usd:,.0f}"
    if ratio is not None:
        return f"{ratio:.3f}x"
    return "" if number is None else f"{number:,}"
