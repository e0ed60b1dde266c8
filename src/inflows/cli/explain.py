"""What makes up a total, down to the transactions and the labels that made them count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from inflows.cli.amounts import UNPRICED, short
from inflows.cli.options import (
    BasisOption,
    Data,
    LevelOption,
    OutputFormat,
    PrintFormat,
    ScopeOption,
    WideOption,
    folder,
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
    "key": ("Which", lambda key: _shortened(key)),
    "name": ("Name", lambda name: name or ""),
    "inflow_usd": ("Inflow US$", short),
    "share": ("Share", percent),
    "transfers": ("Transfers", count),
}
_LEFT_OUT_TABLE: Final[dict[str, Heading]] = {
    "name": ("What", lambda name: name or ""),
    "inflow_usd": ("US$", lambda usd: "unknown" if usd is None else short(usd)),
    "transfers": ("Number", count),
}
_TRANSACTION_TABLE: Final[dict[str, Heading]] = {
    "inflow_usd": ("Inflow\nUS$", short),
    "block_time": ("Time\n(UTC)", lambda time: moment(time)[:16]),
    "chain": ("Chain", str),
    "name": ("Asset", lambda name: name or ""),
    "exchange": ("Exchange", str),
    "label_confidence": ("Label\n0-100", count),
    "key": ("Transaction", lambda key: _shortened(key)),
}
_WIDE: Final[dict[str, dict[str, Heading]]] = {
    "part": {**_PART_TABLE, "key": ("Which", str), "inflow_usd": ("Inflow US$", dollars)},
    "left_out": {
        "key": ("Key", str),
        **_LEFT_OUT_TABLE,
        "inflow_usd": ("US$", lambda usd: "unknown" if usd is None else dollars(usd)),
    },
    "transaction": {
        **_TRANSACTION_TABLE,
        "inflow_usd": ("Inflow\nUS$", dollars),
        "block_time": ("Time\n(UTC)", moment),
        "label_sources": ("Label from", lambda sources: sources or ""),
        "key": ("Transaction", str),
    },
}
_NARROW: Final = {"part": _PART_TABLE, "left_out": _LEFT_OUT_TABLE, "transaction": _TRANSACTION_TABLE}
_LONG: Final = 24
"""Longer names (hashes, contracts) are shortened, unless the table is wide."""
_KEPT: Final = 12


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("explain")(explain)


def explain(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="PERIOD JURISDICTION", help="A period (2024-H1, 2024-Q1, …), a jurisdiction (HK, …, ZZ)"
        ),
    ],
    basis: BasisOption = "licence",
    scope: ScopeOption = "exchange",
    level: LevelOption = "base",
    vintage: VintageOption = None,
    wide: WideOption = False,
    output: OutputFormat = PrintFormat.table,
    data: Data = None,
) -> None:
    """What makes up a total, and what it leaves out.

    Exchanges, chains, assets, sizes and days, each of which adds up to the total; the largest transactions,
    with the labels that made them count.
    """
    from inflows.cli.period_and_places import period_and_places
    from inflows.warehouse.explain import identity

    period, (jurisdiction,) = period_and_places(words, 1, "explain 2024-H1 HK")
    rows = folder(data).explain(period, jurisdiction, basis=basis, scope=scope, level=level, vintage=vintage)
    if output is not PrintFormat.table:
        show(rows.columns, rows.rows(), output)
        return
    print(marked(_sentence(rows, jurisdiction, period), rows["simulated"].item(0)))
    print(f"basis {basis}, scope {scope}, level {level}", end="\n\n")
    tables = _WIDE if wide else _NARROW
    table = dict(tables["part"])
    if _nothing_priced(rows):
        table["inflow_usd"] = (table["inflow_usd"][0], lambda _: UNPRICED)
    for part, heading in _SECTIONS.items():
        _section(rows.filter(part=part), heading, table)
    _section(rows.filter(part="left_out"), "Left out", tables["left_out"], shown=None)
    _section(rows.filter(part="transaction"), "Largest transfers", tables["transaction"], shown=None)
    print(identity(rows))
    if not wide:
        print("Whole hashes, and who says whose a wallet is: --wide, or --format json.")


def _shortened(key: str) -> str:
    """A name of moderate length: the chain and the beginning of a contract, the beginning of a hash."""
    if len(key) <= _LONG:
        return key
    chain, colon, contract = key.rpartition(":")
    return f"{chain}{colon}{contract[:_KEPT]}…"


def _sentence(rows: pl.DataFrame, jurisdiction: str, period: str) -> str:
    """What was received, and of how much of the period that is known."""
    from inflows.cli.totals_table import covered

    whole = rows.filter(part="total").row(0, named=True)
    received = f"US${short(whole['inflow_usd'])}"
    if _nothing_priced(rows):
        received = f"{whole['transfers']:,} transfers, of which nothing is priced,"
    partial = f", PARTIAL ({covered(whole | {'period': period})})" if whole["partial"] else ""
    return f"{jurisdiction} received {received} in {period}{partial}"


def _nothing_priced(rows: pl.DataFrame) -> bool:
    """Whether transfers make up the total, and none of them has a price."""
    whole = rows.filter(part="total").row(0, named=True)
    unpriced = sum(rows.filter(part="left_out", key="unpriced")["transfers"].to_list())
    return bool(whole["transfers"] and not whole["inflow_usd"] and unpriced)


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
    show(rows.columns, rows.rows(), PrintFormat.table, title=heading, headings=table)
