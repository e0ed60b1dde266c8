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
)
from inflows.cli.show import Heading, count, dollars, percent, show, times
from inflows.errors import UsageError
from inflows.settings import load_settings

TOTALS_TABLE: dict[str, Heading] = {
    "period": ("Period", str),
    "jurisdiction": ("Where", str),
    "inflow_usd": ("Inflow US$", dollars),
    "outflow_usd": ("Outflow US$", dollars),
    "net_usd": ("Net US$", dollars),
    "inflow_transfers": ("Transfers in", count),
    "priced_share": ("Priced", percent),
    "inflow_ratio_on_year": ("On the year", times),
    "coverage_share": ("Coverage", percent),
    "partial": ("", lambda partial: "partial" if partial else ""),
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
    """What exchanges received and sent, by jurisdiction and half-year."""
    path = _database(data, vintage)
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
    """Print the half-year table of a database."""
    from inflows.warehouse.totals import read_totals

    frame = read_totals(
        path, period=period, jurisdictions=tuple(jurisdictions), basis=basis, scope=scope, level=level
    )
    simulated = bool(frame.height and frame["simulated"].any())
    title = f"Exchange inflows by half-year; basis {basis}, scope {scope}, level {level}"
    show(
        frame.columns,
        frame.rows(),
        output,
        title=title + (" (SIMULATED data)" if simulated else ""),
        headings=TOTALS_TABLE,
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
    """How many times the inflow of one jurisdiction is that of another, and how each grew on the year."""
    from inflows.warehouse.totals import compare as compare_two

    frame = compare_two(
        _database(data), first, second, period, basis=basis.value, scope=scope.value, level=level.value
    )
    show(frame.columns, frame.rows(), output)


def sql(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="One SELECT over the warehouse")],
    timeout: Annotated[float, typer.Option("--timeout", min=0.001, help="Seconds")] = 300,
    output: OutputFormat = Format.table,
    data: Data = None,
) -> None:
    """Read-only, sandboxed SQL over the published warehouse (DuckDB)."""
    from inflows.warehouse.query import run_sql

    columns, rows = run_sql(_database(data), query, timeout_seconds=timeout)
    show(columns, rows, output)


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder, or an earlier export")],
    data: Data = None,
) -> None:
    """Write every table and report as Parquet and CSV, for BI tools."""
    from inflows.warehouse.export import export as write_export

    written = write_export(_database(data), folder)
    print(f"Wrote {len(written)} files to {folder}.", file=sys.stderr)


def status(output: OutputFormat = Format.table, data: Data = None) -> None:
    """What has been read: days, rows, blocks, holes and quarantine, by chain and dataset."""
    from inflows.raw.store import coverage
    from inflows.status import summary

    settings = load_settings(data)
    frame = summary(coverage(settings.layout))
    show(frame.columns, frame.rows(), output, title=f"Coverage of {settings.layout.raw}")
    if output is Format.table:
        from inflows.warehouse.vintages import read_manifests

        newest = next(iter(read_manifests(settings.layout)), None)
        print(
            f"Newest vintage: {newest.name}, as of {newest.as_of:%Y-%m-%d %H:%M} UTC"
            if newest
            else "Nothing published."
        )


def vintages(output: OutputFormat = Format.table, data: Data = None) -> None:
    """The publications, newest first, with the fingerprints of their inputs."""
    from inflows.warehouse.vintages import read_manifests

    found = read_manifests(load_settings(data).layout)
    columns = ["vintage", "published_at", "as_of", "simulated", "inputs"]
    rows = [(v.name, v.published_at, v.as_of, v.simulated, v.inputs) for v in found]
    show(columns, rows, output)


def _database(data: Path | None, vintage: str | None = None) -> Path:
    """The published database, or that of a vintage."""
    layout = load_settings(data).layout
    if vintage is None:
        return layout.published
    from inflows.warehouse.vintages import read_manifests

    names = [found.name for found in read_manifests(layout)]
    if vintage not in names:
        raise UsageError(f"There is no vintage '{vintage}'.", f"There are: {', '.join(names) or 'none'}.")
    path = layout.vintages / vintage / "inflows.duckdb"
    if not path.exists():
        raise UsageError(
            f"The database of vintage '{vintage}' is no longer kept.",
            f"Its totals are in {path.with_name('totals.parquet')}.",
        )
    return path
