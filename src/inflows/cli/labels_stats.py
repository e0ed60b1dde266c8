"""The command `inflows labels stats`: how many labels say what, and how far their sources agree."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from inflows.cli.options import Data, OutputFormat, PrintFormat, instant, now, settings
from inflows.cli.show import Heading, count, percent, show, yes_or_no
from inflows.errors import UsageError

COUNTS_TABLE: dict[str, Heading] = {
    "claims": ("Claims", count),
    "addresses": ("Addresses", count),
    "exchanges": ("Exchanges", count),
    "sources": ("Sources", count),
}
AGREEMENT_TABLE: dict[str, Heading] = {
    "source_a": ("Source", str),
    "source_b": ("and source", str),
    "same_lineage": ("Same lineage", yes_or_no),
    "shared": ("Both name", count),
    "agreeing": ("Agree", count),
    "share": ("Share", percent),
}


class By(StrEnum):
    """By what claims are counted."""

    source = "source"
    chain = "chain"
    exchange = "exchange"
    role = "role"
    confidence = "confidence"


def register(labels: typer.Typer) -> None:
    """Add the command to `inflows labels`."""
    labels.command("stats")(labels_stats)


def labels_stats(
    by: Annotated[By | None, typer.Option("--by", help="By what they are counted [default: source]")] = None,
    agreement: Annotated[
        bool, typer.Option("--agreement", help="Of each two sources, the addresses that both name")
    ] = False,
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="T", help="As they were at T")] = None,
    output: OutputFormat = PrintFormat.table,
    data: Data = None,
) -> None:
    """Count the labels in effect, or compare their sources."""
    from inflows.labels import address_lookup
    from inflows.registry import effective
    from inflows.registry.label_sources import lineages

    if agreement and by is not None:
        raise UsageError("--by does not go with --agreement.", "Leave one of them out.")
    at = instant(as_of, "--as-of") or now()
    claims = address_lookup.in_effect(effective.labels(settings(data).layout, at))
    if agreement:
        found = address_lookup.agreement(claims, lineages())
        title = "How far sources agree on the addresses that both name"
        show(found.columns, found.rows(), output, title=title, headings=AGREEMENT_TABLE, names=2)
        return
    chosen = (by or By.source).value
    found = address_lookup.counted(claims, chosen)
    headings: dict[str, Heading] = {chosen: (chosen.capitalize(), lambda value: str(value) or "(not told)")}
    show(
        found.columns,
        found.rows(),
        output,
        title=f"Labels in effect by {chosen}",
        headings=headings | COUNTS_TABLE,
    )
