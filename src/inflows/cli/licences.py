"""The commands `inflows licences`: who holds, seeks or gave up which licence, and how many are known."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inflows import files
from inflows.cli.options import Data, KnownAt, OutputFormat, PrintFormat, instant, now, settings
from inflows.cli.show import Heading, count, show
from inflows.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

SHOW_TABLE: dict[str, Heading] = {
    "jurisdiction": ("Where", str),
    "licence": ("Licence", str),
    "status": ("Status", str),
    "exchange": ("Exchange", str),
    "entity": ("Entity", str),
    "valid_from": ("Since", lambda day: "" if day is None else str(day)),
    "dating": ("Dated", str),
    "certainty": ("Read in", str),
    "policy": ("Wallets", str),
}
COUNT_TABLE: dict[str, Heading] = {
    "jurisdiction": ("Where", str),
    "licence": ("Licence", str),
    "date": ("Unchanged since", str),
    "granted": ("Granted", count),
    "deemed": ("Deemed", count),
    "in_principle": ("In principle", count),
    "pending": ("Pending", count),
    "withdrawn": ("Withdrawn", count),
    "returned": ("Returned", count),
    "refused": ("Refused", count),
}
COMPARE_TABLE: dict[str, Heading] = {
    "period": ("Period", str),
    "jurisdiction": ("Where", str),
    "licence": ("Licence", str),
    "standing": ("Counted", str),
    "published_count": ("Published", count),
    "named_count": ("By name", count),
    "unnamed_count": ("Not named", count),
    "unverified_count": ("Unverified", count),
}
Jurisdiction = Annotated[
    list[str] | None, typer.Option("--jurisdiction", help="HK, SG, … (several); all if none is given")
]
OnDay = Annotated[str | None, typer.Option("--at", metavar="DAY", help="A UTC day [default: today]")]


def register(group: typer.Typer) -> None:
    """Add the commands to `inflows licences`."""
    group.command("show")(show_licences)
    group.command("count")(count_licences)
    group.command("compare")(compare_licences)
    group.command("import")(import_licences)


def show_licences(
    jurisdiction: Jurisdiction = None,
    at: OnDay = None,
    output: OutputFormat = PrintFormat.table,
    data: Data = None,
) -> None:
    """Licences, applications and what became of them on a day, by name."""
    from inflows.warehouse.licensing import held_on

    day = _day(at)
    found = _of(held_on(_rows("dim_licence", data), day), jurisdiction)
    title = f"Licences and applications on {day}, as far as the registry has them by name"
    show(found.columns, found.rows(), output, title=title, headings=SHOW_TABLE, names=4)


def count_licences(
    jurisdiction: Jurisdiction = None,
    at: OnDay = None,
    output: OutputFormat = PrintFormat.table,
    data: Data = None,
) -> None:
    """How many licences, applicants and withdrawals there were on a day."""
    from inflows.warehouse.licensing import counted_on

    day = _day(at)
    found = _of(counted_on(_rows("rpt_licence_count", data), day), jurisdiction)
    title = f"Licences and applications on {day}, counted as far as the registry has them by name"
    show(found.columns, found.rows(), output, title=title, headings=COUNT_TABLE, names=2)


def compare_licences(
    jurisdiction: Jurisdiction = None, output: OutputFormat = PrintFormat.table, data: Data = None
) -> None:
    """Published counts of licences, and how many of them the registry has by name.

    Who they are stands in JSON and CSV.
    """
    found = _of(_rows("rpt_licence_comparison", data), jurisdiction)
    title = "Published counts of licences beside those known by name"
    show(found.columns, found.rows(), output, title=title, headings=COMPARE_TABLE, names=4)


def import_licences(
    path: Annotated[
        Path | None, typer.Argument(metavar="PATH", help="A CSV or Parquet file, a folder of them, or a glob")
    ] = None,
    core: Annotated[bool, typer.Option("--core", help="The licences that come with the project")] = False,
    known_at: KnownAt = None,
    data: Data = None,
) -> None:
    """Import licences and applications: who, where, which, since when, and who says so."""
    from inflows.reference.shipped import shipped
    from inflows.registry import imports

    if (path is None) != core:
        raise UsageError("Give either a PATH or --core.", "For example: inflows licences import --core")
    known = instant(known_at, "--known-at")
    layout = settings(data).layout
    source = shipped("licences") if path is None else path
    with files.writing(layout):
        done = imports.import_licences(layout, source, known_at=known, now=now())
    print(done.sentence(), file=sys.stderr)


def _rows(name: str, data: Path | None) -> pl.DataFrame:
    """A relation over the registry as it is known now."""
    from inflows.build.registry_snapshot import Registries
    from inflows.warehouse.licensing import relation

    known = Registries(settings(data).layout, now())
    if known.licences.is_empty():
        raise UsageError(
            "The registry holds no licences.",
            "Import those that come with the project with `inflows licences import --core`, or your own.",
        )
    return relation(name, known.licences, known.references)


def _of(frame: pl.DataFrame, jurisdictions: list[str] | None) -> pl.DataFrame:
    import polars as pl

    from inflows.jurisdictions import jurisdiction_codes

    known, codes = frame["jurisdiction"].unique().sort(), jurisdiction_codes(jurisdictions or ())
    for code in codes:
        if code not in known:
            raise UsageError(
                f"There is nothing for jurisdiction '{code}' then.",
                f"There is for: {', '.join(known) or 'none'}.",
            )
    return frame.filter(pl.col("jurisdiction").is_in(codes)) if codes else frame


def _day(text: str | None) -> dt.date:
    """The UTC day of an option; licences hold for whole days."""
    return (instant(text, "--at") or now()).date()
