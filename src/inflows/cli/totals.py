"""The totals, sliced as one likes, and two jurisdictions side by side."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from inflows.cli.options import (
    BasisOption,
    Data,
    GrainOption,
    LevelOption,
    OutputFormat,
    PrintFormat,
    ScopeOption,
    WideOption,
    folder,
)
from inflows.cli.show import print_columns, show

if TYPE_CHECKING:
    import polars as pl

    from inflows.data_folder import DataFolder


PeriodOption = Annotated[
    str | None, typer.Option("--period", help="A half-year: 2024-H1; or 2024-Q1, 2024-01, 2024")
]
JurisdictionOption = Annotated[
    list[str] | None, typer.Option("--jurisdiction", help="HK, 'Hong Kong', HK,SG, … (several)")
]
VintageOption = Annotated[str | None, typer.Option("--vintage", help="A vintage by name")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("totals")(totals)
    app.command("compare")(compare)


def totals(
    period: PeriodOption = None,
    jurisdiction: JurisdictionOption = None,
    basis: BasisOption = "licence",
    scope: ScopeOption = "exchange",
    level: LevelOption = "base",
    grain: GrainOption = None,
    by: Annotated[
        str | None, typer.Option("--by", help="Slices: chain,asset,exchange,size_band,asset_kind")
    ] = None,
    vintage: VintageOption = None,
    wide: WideOption = False,
    output: OutputFormat = PrintFormat.table,
    data: Data = None,
) -> None:
    """What exchanges received, by jurisdiction and half-year.

    Or by other periods, and by chain, asset, exchange, size of transfers and kind of asset.
    """
    from inflows.periods import HALF, grain_of, period_named

    slices = [] if by is None else [name.strip().lower() for name in by.split(",")]
    wanted = grain or (HALF if period is None else grain_of(period_named(period)))
    frame = folder(data).totals(
        period,
        jurisdiction or (),
        basis=basis,
        scope=scope,
        level=None if output is PrintFormat.table else level,
        grain=grain,
        by=slices,
        vintage=vintage,
    )
    sliced = "".join(f", by {name.replace('_', ' ')}" for name in slices)
    title = f"Exchange inflows by {'half-year' if wanted == HALF else wanted}{sliced}"
    _print(frame, output, title, (basis, scope, level), wide=wide)
    _note_absent(frame, jurisdiction or (), period, basis)


def print_half_years(published: DataFolder, output: PrintFormat) -> None:
    """Print the half-year table of what was just published."""
    frame = published.totals(level=None if output is PrintFormat.table else "base")
    _print(
        frame,
        output,
        "Exchange inflows by half-year",
        ("licence", "exchange", "base"),
        wide=False,
    )


def _note_absent(frame: pl.DataFrame, asked: Sequence[str], period: str | None, basis: str) -> None:
    """Say on stderr why a jurisdiction that was asked for has no row."""
    from inflows.jurisdictions import jurisdiction_codes
    from inflows.warehouse.pairs import nothing_because

    for place in jurisdiction_codes(asked):
        if frame.filter(jurisdiction=place).is_empty():
            reason = nothing_because(frame, place, period or "any period", basis)
            print(f"note: {reason}", file=sys.stderr)


def compare(
    words: Annotated[
        list[str],
        typer.Argument(metavar="J1 J2 PERIOD", help="Two jurisdictions (HK SG), a period (2024-H1)"),
    ],
    basis: BasisOption = "licence",
    scope: ScopeOption = "exchange",
    level: LevelOption = "base",
    vintage: VintageOption = None,
    wide: WideOption = False,
    output: OutputFormat = PrintFormat.table,
    data: Data = None,
) -> None:
    """Two jurisdictions: the ratio of their inflows.

    Beside it stands how each of them grew on the same period a year before.
    """
    from inflows.cli.period_and_places import period_and_places
    from inflows.warehouse import pairs

    period, (first, second) = period_and_places(words, 2, "compare HK SG 2024-H1")
    chosen = (basis, scope, level)
    asked = folder(data)
    frame = asked.compare(first, second, period, basis=basis, scope=scope, level=level, vintage=vintage)
    of_period = asked.totals(period, basis=basis, scope=scope, level=None, vintage=vintage)
    for place in dict.fromkeys((first, second)):
        reason = pairs.nothing_because(of_period.filter(level=level), place, period, basis)
        if reason:
            print(f"note: {reason}", file=sys.stderr)
    if output is not PrintFormat.table:
        show(frame.columns, frame.rows(), output)
        return
    both = pairs.both_places(of_period, first, second)
    title = f"Exchange inflows compared, {period}"
    _print(both, output, title, chosen, wide=wide, simulated=bool(frame["simulated"].item()), period=False)
    if frame["ratio"].item() is not None:
        part = " in the part that was read" if frame["partial"].item() else ""
        print(f"{first} received {frame['ratio'].item():,.2f} times what {second} did{part}.")


def marked(title: str, simulated: bool) -> str:
    """A title that says so where data is simulated."""
    return f"{title} (SIMULATED data)" if simulated else title


def _print(
    frame: pl.DataFrame,
    output: PrintFormat,
    title: str,
    chosen: tuple[str, str, str],
    *,
    wide: bool,
    simulated: bool | None = None,
    period: bool = True,
) -> None:
    """Print totals: of every level as a table, of one as data. chosen: basis, scope, level."""
    if output is not PrintFormat.table:
        show(frame.columns, frame.rows(), output)
        return
    from inflows.cli.totals_table import totals_table

    table = totals_table(frame, chosen[2], wide=wide, period=period)
    if simulated is None:
        simulated = bool(frame.height and frame["simulated"].any())
    selection = "basis {}, scope {}, level {}".format(*chosen)
    print_columns(table.columns, f"{marked(title, simulated)}\n{selection}", table.names, table.legend)
