"""The totals, sliced as one likes, and two jurisdictions side by side."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from inflows.cli.show import Heading, count, dollars, percent, show, times, yes_or_no

if TYPE_CHECKING:
    import polars as pl

TOTALS_TABLE: dict[str, Heading] = {
    "period": ("Period", str),
    "jurisdiction": ("Where", str),
    **{name: (name.replace("_", " ").capitalize(), lambda text: text or "") for name in (
        "chain", "symbol", "contract", "exchange", "size_band", "asset_kind",
    )},
    "inflow_usd": ("Inflow US$", dollars),
    "outflow_usd": ("Outflow US$", dollars),
    "net_usd": ("Net US$", dollars),
    "inflow_transfers": ("Number", count),
    "priced_share": ("Priced", percent),
    "strict_share": ("Sure", percent),
    "inflow_ratio_on_year": ("On year", times),
    "coverage_share": ("Read", percent),
    "partial": ("Partly", yes_or_no),
}  # fmt: skip
COMPARE_TABLE: dict[str, Heading] = {
    "period": ("Period", str),
    "jurisdiction": ("Where", str),
    "other": ("Other", str),
    "inflow_usd": ("Inflow US$", dollars),
    "other_inflow_usd": ("Other's US$", dollars),
    "ratio": ("Ratio", times),
    "inflow_ratio_on_year": ("On year", times),
    "other_inflow_ratio_on_year": ("Other's", times),
    "partial": ("Partial", yes_or_no),
}


class Grain(StrEnum):
    """periods.GRAINS, as an option."""

    half = "half"
    quarter = "quarter"
    month = "month"
    year = "year"
    day = "day"


PeriodOption = Annotated[
    str | None, typer.Option("--period", help="A half-year: 2024-H1; or 2024-Q1, 2024-01, 2024")
]
VintageOption = Annotated[str | None, typer.Option("--vintage", help="A vintage by name")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("totals")(totals)
    app.command("compare")(compare)


def totals(
    period: PeriodOption = None,
    jurisdiction: Annotated[
        list[str] | None, typer.Option("--jurisdiction", help="HK, SG, … (several)")
    ] = None,
    basis: BasisOption = Basis.licence,
    scope: ScopeOption = Scope.exchange,
    level: LevelOption = Level.base,
    grain: Annotated[Grain | None, typer.Option("--grain", help="The length of the periods")] = None,
    by: Annotated[
        str | None, typer.Option("--by", help="Slices: chain,asset,exchange,size_band,asset_kind")
    ] = None,
    vintage: VintageOption = None,
    output: OutputFormat = Format.table,
    data: Data = None,
) -> None:
    """What exchanges received, by jurisdiction and half-year.

    Or by other periods, and by chain, asset, exchange, size of transfers and kind of asset.
    """
    from inflows.periods import HALF, grain_of
    from inflows.warehouse.slices import read_slices
    from inflows.warehouse.vintages import database_path, totals_path

    layout = settings(data).layout
    slices = [] if by is None else [name.strip() for name in by.split(",")]
    wanted = grain or (HALF if period is None else grain_of(period))
    if not slices and wanted == HALF and (period is None or grain_of(period) == HALF):
        # Half-years are published, and kept for all vintages, unlike the databases.
        path = layout.published if vintage is None else totals_path(layout, vintage)
        print_totals(path, output, period, jurisdiction or (), basis, scope, level)
        return
    frame = read_slices(
        layout.published if vintage is None else database_path(layout, vintage),
        grain=grain,
        by=slices,
        period=period,
        jurisdictions=tuple(jurisdiction or ()),
        basis=basis,
        scope=scope,
        level=level,
    )
    sliced = "".join(f", by {name.replace('_', ' ')}" for name in slices)
    _print(
        frame, output, f"Exchange inflows by {wanted}{sliced}: basis {basis}, scope {scope}, level {level}"
    )


def print_totals(
    path: Path,
    output: Format,
    period: str | None = None,
    jurisdictions: list[str] | tuple[str, ...] = (),
    basis: str = "licence",
    scope: str = "exchange",
    level: str = "base",
) -> None:
    """Print the half-year table of a database, or of the totals of a vintage."""
    from inflows.warehouse.totals import read_totals

    frame = read_totals(
        path, period=period, jurisdictions=tuple(jurisdictions), basis=basis, scope=scope, level=level
    )
    _print(frame, output, f"Exchange inflows by half-year: basis {basis}, scope {scope}, level {level}")


def compare(
    first: Annotated[str, typer.Argument(metavar="J1", help="A jurisdiction: HK")],
    second: Annotated[str, typer.Argument(metavar="J2", help="Another: SG")],
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="A half-year: 2024-H1")],
    basis: BasisOption = Basis.licence,
    scope: ScopeOption = Scope.exchange,
    level: LevelOption = Level.base,
    vintage: VintageOption = None,
    output: OutputFormat = Format.table,
    data: Data = None,
) -> None:
    """Two jurisdictions: the ratio of their inflows.

    Beside it stands how each of them grew on the same half a year before.
    """
    from inflows.warehouse.totals import compare as compare_two
    from inflows.warehouse.vintages import totals_path

    layout = settings(data).layout
    source = layout.published if vintage is None else totals_path(layout, vintage)
    frame = compare_two(
        source, first, second, period, basis=basis.value, scope=scope.value, level=level.value
    )
    show(
        frame.columns,
        frame.rows(),
        output,
        title=marked(
            f"Inflows compared: basis {basis}, scope {scope}, level {level}", bool(frame["simulated"].item())
        ),
        headings=COMPARE_TABLE,
        names=3,
    )


def marked(title: str, simulated: bool) -> str:
    """A title that says so where data is simulated."""
    return f"{title} (SIMULATED data)" if simulated else title


def _print(frame: pl.DataFrame, output: Format, title: str) -> None:
    show(
        frame.columns,
        frame.rows(),
        output,
        title=marked(title, bool(frame.height and frame["simulated"].any())),
        headings=TOTALS_TABLE,
        names=2,
    )
