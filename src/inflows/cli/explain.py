"""What makes up a total, down to the transactions and the labels that made them count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from inflows.cli.options import (
    Basis,
    BasisOption,
    Data,
    Format,
    Level,
    LevelOption,
    OutputFormat,
    Scope,
    ScopeOption,
    settings,
)
from inflows.cli.show import Heading, count, dollars, moment, percent, show
from inflows.cli.totals import VintageOption, marked

if TYPE_CHECKING:
    import polars as pl

SHOWN: Final = 10
"""How many rows of a part a table shows; JSON and CSV have all."""

_SECTIONS: Final = {
    "exchange": "Exchanges",
    "chain": "Chains",
    "asset": "Assets",
    "size_band": "Size of the transfers",
    "day": "Days",
}
_PART_TABLE: Final[dict[str, Heading]] = {
    "key": ("Which", str),
    "name": ("Name", lambda name: name or ""),
    "inflow_usd": ("Inflow US$", dollars),
    "share": ("Share", percent),
    "transfers": ("Transfers", count),
}
_LEFT_OUT_TABLE: Final[dict[str, Heading]] = {
    "key": ("What", str),
    "name": ("Which is", lambda name: name or ""),
    "inflow_usd": ("US$", lambda usd: "no worth known" if usd is None else dollars(usd)),
    "transfers": ("Number", count),
}
_TRANSACTION_TABLE: Final[dict[str, Heading]] = {
    "inflow_usd": ("Inflow US$", dollars),
    "block_time": ("Time (UTC)", moment),
    "chain": ("Chain", str),
    "name": ("Asset", lambda name: name or ""),
    "exchange": ("Exchange", str),
    "label_confidence": ("Sure", count),
    "label_sources": ("Label from", lambda sources: sources or ""),
    "key": ("Transaction", str),
}


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("explain")(explain)


def explain(
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="A half-year: 2024-H1; or 2024-Q1, …")],
    jurisdiction: Annotated[str, typer.Argument(metavar="JURISDICTION", help="HK, SG, … or ZZ")],
    basis: BasisOption = Basis.licence,
    scope: ScopeOption = Scope.exchange,
    level: LevelOption = Level.base,
    vintage: VintageOption = None,
    output: OutputFormat = Format.table,
    data: Data = None,
) -> None:
    """What makes up a total, and what it leaves out.

    Exchanges, chains, assets, sizes and days, each of which adds up to the total; the largest transactions,
    with the labels that made them count.
    """
    from inflows.warehouse.explained import explain as explain_total
    from inflows.warehouse.explained import identity
    from inflows.warehouse.vintages import database_path

    layout = settings(data).layout
    source = layout.published if vintage is None else database_path(layout, vintage)
    rows = explain_total(source, period, jurisdiction, basis.value, scope.value, level.value)
    if output is not Format.table:
        show(rows.columns, rows.rows(), output)
        return
    whole = rows.filter(part="total").row(0, named=True)
    partial = ", PARTIAL: the period is not over, or was not wholly read" if whole["partial"] else ""
    title = f"{jurisdiction} received US$ {dollars(whole['inflow_usd'])} in {period}{partial}"
    print(marked(f"{title}: basis {basis}, scope {scope}, level {level}", whole["simulated"]), end="\n\n")
    for part, heading in _SECTIONS.items():
        _section(rows.filter(part=part), heading, _PART_TABLE)
    _section(rows.filter(part="left_out"), "Left out", _LEFT_OUT_TABLE, shown=None)
    _section(rows.filter(part="transaction"), "Largest transfers", _TRANSACTION_TABLE, shown=None)
    print(identity(rows))


def _section(rows: pl.DataFrame, heading: str, table: dict[str, Heading], shown: int | None = SHOWN) -> None:
    """One table below its heading; of a long part the largest rows, and how many there are."""
    if rows.is_empty():
        return
    cut = shown is not None and rows.height > shown
    if cut:
        heading = f"{heading}: the {shown} largest of {rows.height:,}"
        rows = rows.top_k(shown or 0, by=["inflow_usd", "key"]).sort(
            ["inflow_usd", "key"], descending=[True, False]
        )
    if rows["name"].null_count() == rows.height:
        table = {name: column for name, column in table.items() if name != "name"}
    show(rows.columns, rows.rows(), Format.table, title=heading, headings=table)
