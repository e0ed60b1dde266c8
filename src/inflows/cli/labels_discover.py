"""The command `inflows labels discover`: labels that follow from other labels and the raw store."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from inflows import files
from inflows.chains import canonical_chain
from inflows.cli.options import Data, OutputFormat, PrintFormat, instant, now, settings
from inflows.cli.show import Heading, count, show
from inflows.errors import UsageError

if TYPE_CHECKING:
    import datetime as dt

    import polars as pl

    from inflows.layout import Layout

OUTCOMES_TABLE: dict[str, Heading] = {
    "chain": ("Chain", str),
    "rule": ("Rule", str),
    "exchange": ("Exchange", lambda name: name or "(several)"),
    "outcome": ("Outcome", lambda name: name.replace("_", " ")),
    "addresses": ("Addresses", count),
}


def register(labels: typer.Typer) -> None:
    """Add the command to `inflows labels`."""
    labels.command("discover")(labels_discover)


def labels_discover(
    chain: Annotated[
        list[str] | None,
        typer.Option(
            "--chain",
            parser=canonical_chain,
            metavar="C",
            help="A chain; several; all that are stored if none is given",
        ),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="T", help="Of labels and transfers as they were at T")
    ] = None,
    known_at: Annotated[
        str | None,
        typer.Option("--known-at", metavar="T", help="Since when the labels are known [default: now]"),
    ] = None,
    output: OutputFormat = PrintFormat.table,
    data: Data = None,
) -> None:
    """Label deposit addresses, and what was spent together with labels.

    Confidence 10, with the transactions that show it; what no longer follows is withdrawn.
    """
    import polars as pl

    from inflows.discover import OUTCOMES

    layout, present = settings(data).layout, now()
    limit = instant(as_of, "--as-of") or present
    known = instant(known_at, "--known-at") or present
    if limit > present:
        raise UsageError(
            f"--as-of {as_of} is in the future.", "Nothing is known of it yet: give a past time."
        )
    if known < limit and (known_at is not None):
        raise UsageError(
            f"--known-at {known_at} is before what the labels rest on.",
            "Give --as-of with the same time: only what was there then is used.",
        )
    stored = _stored(layout, chain)
    # A look at the past alone does not undo what later transfers show.
    withdraw = as_of is None or known_at is not None
    with files.writing(layout):
        found = []
        for name, kind in stored:
            try:
                found.append(_discover(layout, name, kind, limit, known, withdraw))
            except UsageError as error:
                if chain or len(stored) == 1:
                    raise
                print(f"note: {name} was left out. {error}", file=sys.stderr)
    frame = pl.concat([pl.DataFrame(schema=OUTCOMES), *found])
    show(
        frame.columns,
        frame.rows(),
        output,
        title="Discovered labels, and why other addresses got none",
        headings=OUTCOMES_TABLE,
        names=3,
    )


def _stored(layout: Layout, chosen: list[str] | None) -> list[tuple[str, str]]:
    """The chains to look at, each with the dataset that it has (a chain may have both)."""
    from inflows.raw import list_partitions

    stored = sorted(
        {(name, kind) for kind in ("transfers", "utxo") for name, _, _ in list_partitions(layout, kind)}
    )
    if not stored:
        raise UsageError(
            f"There are no transfers or UTXO entries in {layout.raw}, and only they tell who is who.",
            "Ingest some first, with `inflows ingest files`, `ingest evm` or `ingest bitcoin`.",
        )
    if missing := sorted(set(chosen or ()) - {name for name, _ in stored}):
        raise UsageError(
            f"There are no transfers or UTXO entries of '{missing[0]}' in {layout.raw}.",
            f"Stored are {', '.join(sorted({name for name, _ in stored}))}.",
        )
    return [(name, kind) for name, kind in stored if not chosen or name in chosen]


def _discover(
    layout: Layout, chain: str, kind: str, as_of: dt.datetime, known_at: dt.datetime, withdraw: bool
) -> pl.DataFrame:
    """One chain's discovery; its closing line goes to stderr."""
    from inflows import discover
    from inflows.progress import reporter

    if kind == "utxo":
        joined = discover.discover(layout, chain, as_of, known_at, withdraw=withdraw)
        print(joined.sentence(), file=sys.stderr)
        return joined.outcomes
    with reporter(f"Looking for deposit addresses of {chain}", unit="chain-days") as progress:
        found = discover.discover_deposits(
            layout, chain, as_of=as_of, known_at=known_at, withdraw=withdraw, progress=progress.advance
        )
    print(found.sentence(), file=sys.stderr)
    return found.outcomes
