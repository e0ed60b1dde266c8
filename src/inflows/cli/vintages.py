"""The publications, and how they differ."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated, Final

import typer

from inflows.cli.options import (
    BasisOption,
    Data,
    LevelOption,
    OutputFormat,
    PrintFormat,
    ScopeOption,
    folder,
    settings,
)
from inflows.cli.show import Heading, dollars, moment, show, yes_or_no
from inflows.cli.totals import JurisdictionOption, marked
from inflows.errors import WorkError

CAUSES: Final = ("rules", "data", "assets", "labels", "prices", "jurisdictions")
"""The parts of a change, in the order of diff.CAUSES."""

DIFF_TABLE: dict[str, Heading] = {
    "period": ("Period", str),
    "jurisdiction": ("Where", str),
    "from_usd": ("From US$", dollars),
    "to_usd": ("To US$", dollars),
    "change_usd": ("Change", dollars),
    **{f"{cause}_usd": (cause.capitalize(), dollars) for cause in CAUSES},
}
REBUILD_TABLE: dict[str, Heading] = {
    "vintage": ("Vintage", str),
    "result": ("Result", lambda digest: digest[:16]),
    "remade": ("Made again", lambda digest: digest[:16]),
    "same": ("Same", yes_or_no),
    "restored": ("Database restored", yes_or_no),
}

VINTAGES_TABLE: dict[str, Heading] = {
    "vintage": ("Vintage", str),
    "published_at": ("Published (UTC)", moment),
    "as_of": ("As of (UTC)", moment),
    "simulated": ("Simulated", yes_or_no),
}


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("vintages")(vintages)
    app.command("diff")(diff)
    app.command("rebuild")(rebuild)


def vintages(output: OutputFormat = PrintFormat.table, data: Data = None) -> None:
    """The publications, newest first, and what each was made of.

    The fingerprints of the inputs are in JSON and CSV.
    """
    from inflows.warehouse.vintages import read_manifests

    found = read_manifests(settings(data).layout)
    columns = ["vintage", "published_at", "as_of", "simulated", "inputs"]
    rows = [(v.name, v.published_at, v.as_of, v.simulated, v.inputs) for v in found]
    show(columns, rows, output, title="Publications, newest first", headings=VINTAGES_TABLE)


def diff(
    first: Annotated[str, typer.Argument(metavar="A", help="A vintage by name")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another")],
    period: Annotated[
        str | None, typer.Option("--period", help="A half-year: 2024-H1; or a year: 2024")
    ] = None,
    jurisdiction: JurisdictionOption = None,
    basis: BasisOption = "licence",
    scope: ScopeOption = "exchange",
    level: LevelOption = "base",
    output: OutputFormat = PrintFormat.table,
    data: Data = None,
) -> None:
    """Why the totals of two vintages differ.

    The change of each, split into rules, data, assets, labels, prices and jurisdictions, which add up to it.
    """
    from inflows.warehouse.vintages import find_vintage

    asked = folder(data)
    simulated = [find_vintage(settings(data).layout, name).simulated for name in (first, second)]
    rows = asked.diff(
        first,
        second,
        period=period,
        jurisdiction=jurisdiction or (),
        basis=basis,
        scope=scope,
        level=level,
    )
    if output is PrintFormat.table:
        unchanged = rows.filter(change_usd=0, **{f"{cause}_usd": 0 for cause in CAUSES})
        rows = rows.join(unchanged, on=["period", "jurisdiction"], how="anti")
        print(f"{unchanged.height} totals did not change, and are not shown.", file=sys.stderr)
    title = f"Inflow of {second} less that of {first}, by cause: basis {basis}, scope {scope}, level {level}"
    show(rows.columns, rows.rows(), output, title=marked(title, any(simulated)), headings=DIFF_TABLE, names=2)


def rebuild(
    vintage: Annotated[str, typer.Argument(metavar="VINTAGE", help="A vintage by name")],
    output: OutputFormat = PrintFormat.table,
    data: Data = None,
) -> None:
    """Make a vintage again from its inputs, and compare the results.

    Its database, where it is not kept any more, is restored. Exit code 1 where the results differ.
    """
    from inflows.build.rebuild import remake

    made = remake(settings(data).layout, vintage)
    row = {**asdict(made), "same": made.same}
    show(list(row), [tuple(row.values())], output, headings=REBUILD_TABLE)
    if not made.same:
        other = (
            f" Its rules are version {made.rules_version}, the program's {made.present_rules_version}."
            if made.rules_version != made.present_rules_version
            else ""
        )
        raise WorkError(
            f"The vintage {vintage} does not come out of its inputs again.{other}",
            "`inflows diff` from it to a new build tells how much the rules change.",
        )
