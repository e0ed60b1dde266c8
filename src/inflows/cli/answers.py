"""Commands that give what is stored: sql, export, status."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from inflows.cli.options import Data, OutputFormat, PrintFormat, now, settings
from inflows.cli.show import Heading, count, show
from inflows.cli.totals import marked

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
    "days_proven": ("Proven", count),
    "days_claimed": ("Claimed", count),
    "days_with_blocks": ("With blocks", count),
    "days_only_labelled": ("Labelled only", count),
    "quarantined": ("Quarantined", count),
    "gaps": ("Missing blocks", lambda gaps: gaps or ""),
}
SOURCES_TABLE: dict[str, Heading] = {
    "chain": ("Chain", str),
    "dataset": ("Dataset", str),
    "kind": ("Kind", str),
    "source": ("Source", str),
    "first_day": ("First day", str),
    "last_day": ("Last day", str),
    "days": ("Days", count),
    "days_missing": ("Missing", count),
    "days_only_labelled": ("Labelled only", count),
    "rows": ("Rows", count),
    "approximate": ("Approximate", count),
    "first_block": ("First block", count),
    "last_block": ("Last block", count),
}


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("sql")(sql)
    app.command("export")(export)
    app.command("status")(status)


def sql(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="One SELECT over the warehouse")],
    timeout: Annotated[float, typer.Option("--timeout", min=0.001, help="Seconds")] = 300,
    output: OutputFormat = PrintFormat.table,
    data: Data = None,
) -> None:
    """Read-only, sandboxed SQL over the warehouse (DuckDB)."""
    from inflows.warehouse.query import run_sql, unique_names

    published = settings(data).layout.published
    _warn_if_simulated(published)
    _warn_if_partial(published)
    columns, rows = run_sql(published, query, timeout_seconds=timeout)
    show(unique_names(columns), rows, output)


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder, or an earlier export")],
    data: Data = None,
) -> None:
    """Write all tables as Parquet and CSV, for BI tools."""
    from inflows.warehouse.export import export as write_export

    published = settings(data).layout.published
    _warn_if_simulated(published)
    _warn_if_partial(published)
    written = write_export(published, folder)
    print(f"Wrote {len(written)} files to {folder}.", file=sys.stderr)


class StatusBy(StrEnum):
    """What the rows of status are."""

    dataset = "dataset"
    source = "source"


def status(
    by: Annotated[
        StatusBy, typer.Option("--by", help="A row for each dataset, or for each source")
    ] = StatusBy.dataset,
    output: OutputFormat = PrintFormat.table,
    data: Data = None,
) -> None:
    """What has been read: days, rows, holes, quarantine."""
    from inflows.build.registry_snapshot import registries_at
    from inflows.build.steps import classified_coverage
    from inflows.raw.by_source import coverage_by_source
    from inflows.raw.store import block_gaps
    from inflows.stages.contested_flows import notes
    from inflows.status import by_source, partial_halves, summary
    from inflows.warehouse.contested_sums import contested_inflow
    from inflows.warehouse.vintages import read_manifests

    chosen = settings(data)
    layout = chosen.layout
    read = classified_coverage(layout, registries_at(layout, now(), tuple(chosen.price_sources)))
    partial = partial_halves(read, now(), chosen.chains)
    newest = next(iter(read_manifests(layout)), None)
    simulated = None if newest is None else newest.simulated
    frame = (
        by_source(coverage_by_source(layout)) if by is StatusBy.source else summary(read, block_gaps(layout))
    )
    show(
        [*frame.columns, "partial_periods", "simulated"],
        [(*row, listed(partial), simulated) for row in frame.rows()],
        output,
        title=marked(f"Read into {layout.raw}", bool(simulated)),
        headings=SOURCES_TABLE if by is StatusBy.source else STATUS_TABLE,
        names=2,
    )
    known = "Nothing has been published." if newest is None else f"The newest vintage is {newest.name}."
    print(known, file=sys.stderr)
    if partial:
        print(f"note: partial: {listed(partial)}.", file=sys.stderr)
    for note in notes(contested_inflow(layout.published)):
        print(f"note: {note}", file=sys.stderr)


def listed(partial: Mapping[str, str]) -> str:
    """Partial periods with how much is held of each, in one line."""
    return "; ".join(f"{period}: {words}" for period, words in partial.items())


def _warn_if_partial(database: Path) -> None:
    """Say which half-years are partial, beside output that may hold totals of them."""
    from inflows.stages.period_coverage import partial_periods
    from inflows.warehouse.totals import read_all_totals

    partial = partial_periods(read_all_totals(database))
    if partial:
        print(f"note: partial: {listed(partial)}.", file=sys.stderr)


def _is_simulated(database: Path) -> bool:
    """Whether a published database holds simulated data."""
    from inflows.warehouse.query import run_sql

    _, rows = run_sql(database, "select simulated from meta_vintage")
    return bool(rows[0][0])


def _warn_if_simulated(database: Path) -> None:
    """Say so beside output that has no place for it."""
    if _is_simulated(database):
        print("note: this warehouse holds SIMULATED data.", file=sys.stderr)
