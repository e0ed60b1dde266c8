"""The command `inflows labels check`: where claims disagree, what is open, and what could not be used."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING, Annotated, Final

import typer

from inflows.cli.options import Data, OutputFormat, PrintFormat, instant, now, settings
from inflows.cli.show import Heading, count, dollars, show
from inflows.errors import WorkError

if TYPE_CHECKING:
    import polars as pl

    from inflows.layout import Layout

SHOWN: Final = 20
"""Rows of a section in tables; JSON and CSV have all."""

COUNTS_TABLE: dict[str, Heading] = {
    "check": ("Check", lambda name: name.replace("_", " ")),
    "found": ("Found", count),
    "rows": ("Rows", count),
    "says": ("What it is about", str),
}
_DISPUTED: dict[str, Heading] = {
    "chain": ("Chain", str),
    "address": ("Address", str),
    "exchange": ("Believed", lambda name: name or "(contested)"),
    "reason": ("Decided by", lambda reason: reason.replace("_", " ")),
    "claims": ("Claims", str),
}
SECTIONS: dict[str, dict[str, Heading]] = {
    "contested": {
        "chain": ("Chain", str),
        "address": ("Address", str),
        "level": ("Level", str),
        "claims": ("Claims", str),
        "inflow_usd": ("Received (USD)", dollars),
        "outflow_usd": ("Sent (USD)", dollars),
    },
    "conflict_strangers": _DISPUTED,
    "conflict_affiliates": _DISPUTED,
    "unknown_exchange": {
        "exchange": ("Exchange", str),
        "source": ("Source", str),
        "rows": ("Labels", count),
    },
    "quarantined": {
        "source": ("Source", str),
        "list": ("List", str),
        "reason": ("Reason", lambda reason: reason.replace("_", " ")),
        "rows": ("Rows", count),
    },
    "worthless_list": {
        "source": ("Source", str),
        "list": ("List", str),
        "chain": ("Chain", str),
        "rows": ("Rows", count),
    },
    "not_in_list_any_more": {
        "source": ("Source", str),
        "list": ("List", str),
        "chain": ("Chain", str),
        "address": ("Address", str),
        "exchange": ("Exchange", str),
    },
}


def register(labels: typer.Typer) -> None:
    """Add the command to `inflows labels`."""
    labels.command("check")(labels_check)


def labels_check(
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with code 1 where an address is contested")
    ] = False,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="T", help="Of labels as they were at T")
    ] = None,
    output: OutputFormat = PrintFormat.table,
    data: Data = None,
) -> None:
    """List addresses claimed by several exchanges, what is contested, and what imports could not use.

    The value of contested addresses is that of the newest publication.
    """
    import polars as pl

    from inflows.labels.checks import with_value
    from inflows.warehouse.contested_sums import contested_inflow

    layout = settings(data).layout
    found = with_value(_found(layout, instant(as_of, "--as-of") or now()), contested_inflow(layout.published))
    if output is PrintFormat.table:
        _print_sections(found)
    else:
        show(found.columns, found.rows(), output)
    contested = found.filter(pl.col("check") == "contested").select("chain", "address").n_unique()
    if strict and contested:
        addresses = "1 address is" if contested == 1 else f"{contested:,} addresses are"
        raise WorkError(
            f"{addresses} contested: equal claims name several exchanges.",
            "Import a surer label with its source, or withdraw the one that is wrong.",
        )


def _found(layout: Layout, as_of: dt.datetime) -> pl.DataFrame:
    import polars as pl

    from inflows.labels import address_lookup, affiliates, checks, label_quarantine, snapshots
    from inflows.labels.import_lists import unknown_exchanges
    from inflows.registry import effective
    from inflows.registry.label_sources import lineages

    claims = address_lookup.in_effect(effective.labels(layout, as_of)).collect()
    return checks.check_labels(
        claims,
        unknown_exchanges(claims),
        label_quarantine.quarantined(layout),
        label_quarantine.lists(layout),
        lineages(),
        affiliates.families(),
        snapshots.read_gone(layout).filter(pl.col("known_at") <= as_of),
    )


def _print_sections(found: pl.DataFrame) -> None:
    import polars as pl

    from inflows.labels.checks import CHECKS

    parts = {name: found.filter(pl.col("check") == name) for name in CHECKS}
    counts = [
        (name, part.height, part["rows"].sum() if part["rows"].count() else part.height, CHECKS[name])
        for name, part in parts.items()
    ]
    show(
        [*COUNTS_TABLE], counts, PrintFormat.table, title="What the labels leave open", headings=COUNTS_TABLE
    )
    for name, part in parts.items():
        if part.is_empty():
            continue
        told = part.head(SHOWN)
        title = CHECKS[name][:1].upper() + CHECKS[name][1:]
        show(told.columns, told.rows(), PrintFormat.table, title=title, headings=SECTIONS[name], names=2)
        if part.height > SHOWN:
            more = part.height - SHOWN
            print(f"{more:,} more {name.replace('_', ' ')} (--format json has all).", file=sys.stderr)
