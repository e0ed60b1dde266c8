"""The command `inflows labels discover`: labels that follow from other labels and the raw store."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from inflows import files
from inflows.chains import UTXO_CHAINS
from inflows.cli.options import Data, now, settings
from inflows.errors import UsageError


def register(labels: typer.Typer) -> None:
    """Add the command to `inflows labels`."""
    labels.command("discover")(labels_discover)


def labels_discover(
    chain: Annotated[
        list[str] | None,
        typer.Option("--chain", help="A UTXO chain; several; all that are stored if none is given"),
    ] = None,
    data: Data = None,
) -> None:
    """Label addresses that were spent together with labelled ones (confidence 10, with the evidence)."""
    from inflows.discover import discover
    from inflows.raw import list_partitions

    layout, present = settings(data).layout, now()
    stored = sorted({name for name, _, _ in list_partitions(layout, "utxo")})
    if not (chain or stored):
        raise UsageError(
            f"There are no UTXO entries in {layout.raw}, and only they tell what was spent together.",
            f"Ingest some first, with `inflows ingest bitcoin`: {', '.join(UTXO_CHAINS)}.",
        )
    with files.writing(layout):
        for name in dict.fromkeys(chain or stored):
            print(discover(layout, name, present, present).sentence(), file=sys.stderr)
