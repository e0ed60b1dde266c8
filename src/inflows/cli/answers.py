"""Commands that answer: totals, compare, sql, export, status, vintages."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

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
from inflows.cli.show import Heading, count, dollars, moment, percent, show, times, yes_or_no

TOTALS_TABLE: dict[str, Heading] = {
    "period": ("Period", str),
    "jurisdiction": ("Where", str),
    "inflow_usd": ("Inflow US$", dollars),
    "outflow_usd": ("Outflow US$", dollars),
    "net_usd": ("Net US$", dollars),
    "inflow_transfers": ("Transfers", count),
    "priced_share": ("Priced", percent),
    "inflow_ratio_on_year": ("On year", times),
    "coverage_share": ("Covered", percent),
    "partial": ("Partial", yes_or_no),
}
COMPARE_TABLE: dict[str, Heading] = {
    "period": ("Period", str),
    "jurisdiction": ("Where", str),
    "other": ("Other", str),
    "inflow_usd": ("Inflow US$", dollars),
    "other_inflow_usd": ("Other's US$", dollars),
    "ratio": ("Ratio", times),
    "inflow_ratio_on_year": ("On year", times),
    "other_inflow_ratio_on_year": ("Other's", times),
}
STATUS_TABLE: dict[str, Heading] = {
    "chain": ("Chain", str),
    "dataset": ("Dataset", str),
    "first_day": ("First day", str),
    "last_day": ("Last day", str),
    "days": ("Days", count),
    "days_missing": ("Missing", count),
    "rows": ("Rows", count),
    "first_block": ("First block", count),
    "last_block": ("Last block", count),
    "days_with_blocks": ("With blocks", count),
    "days_only_labelled": ("Labelled only", count),
    "quarantined": ("Quarantined", count),
    "gaps": ("Missing blocks", lambda gaps: gaps or ""),
}
VINTAGES_TABLE: dict[str, Heading] = {
    "vintage": ("Vintage", str),
    "published_at": ("Published (UTC)", moment),
    "as_of": ("As of (UTC)", moment),
    "simulated": ("Simulated", yes_or_no),
}


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("totals")(totals)
    app.command("compare")(compare)
    app.command("sql")(sql)
    app.command("export")(export)
    app.command("status")(status)
    app.command("vintages")(vintages)


def totals(
    period: Annotated[str | None, typer.Option("--period", help="A half-year: 2024-H1")] = None,
    jurisdiction: Annotated[
        list[str] | None, typer.Option("--jurisdiction", help="HK, SG, … (several)")
    ] = None,
    basis: BasisOption = Basis.licence,
    scope: ScopeOption = Scope.exchange,
    level: LevelOption = Level.base,
    vintage: Annotated[str | None, typer.Option("--vintage", help="A vintage by name")] = None,
    output: OutputFormat = Format.table,
    data: Data = None,
) -> None:
    """What exchanges received, by jurisdiction and half-year."""
    layout = settings(data).layout
    path = layout.published
    if vintage is not None:
        from inflows.warehouse.vintages import totals_path

        path = totals_path(layout, vintage)  # Kept for all vintages, unlike the databases.
    print_totals(path, output, period, jurisdiction or (), basis, scope, level)


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
    title = f"Exchange inflows by half-year: basis {basis}, scope {scope}, level {level}"
    show(
        frame.columns,
        frame.rows(),
        output,
        title=_marked(title, bool(frame.height and frame["simulated"].any())),
        headings=TOTALS_TABLE,
        names=2,
    )


def compare(
    first: Annotated[str, typer.Argument(metavar="J1", help="A jurisdiction: HK")],
    second: Annotated[str, typer.Argument(metavar="J2", help="Another: SG")],
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="A half-year: 2024-H1")],
    basis: BasisOption = Basis.licence,
    scope: ScopeOption = Scope.exchange,
    level: LevelOption = Level.base,
    output: OutputFormat = Format.table,
    data: Data = None,
) -> None:
    """Two jurisdictions: the ratio of their inflows.

    Beside it stands how each of them grew on the same half a year before.
    """
    from inflows.warehouse.totals import compare as compare_two

    published = settings(data).layout.published
    frame = compare_two(
        published, first, second, period, basis=basis.value, scope=scope.value, level=level.value
    )
    simulated = _is_simulated(published)
    show(
        [*frame.columns, "simulated"],
        [(*row, simulated) for row in frame.rows()],
        output,
        title=_marked(f"Inflows compared: basis {basis}, scope {scope}, level {level}", simulated),
        headings=COMPARE_TABLE,
        names=3,
    )


def sql(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="One SELECT over the warehouse")],
    timeout: Annotated[float, typer.Option("--timeout", min=0.001, help="Seconds")] = 300,
    output: OutputFormat = Format.table,
    data: Data = None,
) -> None:
    """Read-only, sandboxed SQL over the warehouse (DuckDB)."""
    from inflows.warehouse.query import run_sql

    published = settings(data).layout.published
    _warn_if_simulated(published)
    columns, rows = run_sql(published, query, timeout_seconds=timeout)
    show(_told_apart(columns), rows, output)


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder, or an earlier export")],
    data: Data = None,
) -> None:
    """Write all tables as Parquet and CSV, for BI tools."""
    from inflows.warehouse.export import export as write_export

    published = settings(data).layout.published
    _warn_if_simulated(published)
    written = write_export(published, folder)
    print(f"Wrote {len(written)} files to {folder}.", file=sys.stderr)


def status(output: OutputFormat = Format.table, data: Data = None) -> None:
    """What has been read: days, rows, holes, quarantine."""
    from inflows.raw.store import block_gaps, coverage
    from inflows.status import summary
    from inflows.warehouse.vintages import read_manifests

    layout = settings(data).layout
    newest = next(iter(read_manifests(layout)), None)
    simulated = None if newest is None else newest.simulated
    frame = summary(coverage(layout), block_gaps(layout))
    show(
        [*frame.columns, "simulated"],
        [(*row, simulated) for row in frame.rows()],
        output,
        title=_marked(f"Read into {layout.raw}", bool(simulated)),
        headings=STATUS_TABLE,
        names=2,
    )
    known = "Nothing has been published." if newest is None else f"The newest vintage is {newest.name}."
    print(known, file=sys.stderr)


def vintages(output: OutputFormat = Format.table, data: Data = None) -> None:
    """The publications, newest first, and what each was made of.

    The fingerprints of the inputs are in JSON and CSV.
    """
    from inflows.warehouse.vintages import read_manifests

    found = read_manifests(settings(data).layout)
    columns = ["vintage", "published_at", "as_of", "simulated", "inputs"]
    rows = [(v.name, v.published_at, v.as_of, v.simulated, v.inputs) for v in found]
    show(columns, rows, output, title="Publications, newest first", headings=VINTAGES_TABLE)


def _is_simulated(database: Path) -> bool:
    from inflows.warehouse.query import run_sql

    _, rows = run_sql(database, "select simulated from meta_vintage")
    return bool(rows[0][0])


def _warn_if_simulated(database: Path) -> None:
    """Say so beside output that has no place for it."""
    if _is_simulated(database):
        print("note: this warehouse holds SIMULATED data.", file=sys.stderr)


def _marked(title: str, simulated: bool) -> str:
    return f"{title} (SIMULATED data)" if simulated else title


def _told_apart(columns: list[str]) -> list[str]:
    """Columns of a query by names of their own: of two with one name, JSON would lose the first."""
    names: list[str] = []
    for column in columns:
        name, number = column, 1
        while name in names:
            name, number = f"{column}_{number}", number + 1
        names.append(name)
    return names
