"""The command `inflows labels import`: claims in the own format, and lists of others in their own forms."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from inflows import files
from inflows.cli.options import Data, KnownAt, instant, now, settings
from inflows.errors import UsageError


def register(labels: typer.Typer) -> None:
    """Add the command to `inflows labels`."""
    labels.command("import")(import_labels)


def import_labels(
    path: Annotated[
        Path | None, typer.Argument(metavar="PATH", help="A file, a folder of them, or a checkout of a list")
    ] = None,
    core: Annotated[bool, typer.Option("--core", help="The wallets that come with the project")] = False,
    input_format: Annotated[
        str,
        typer.Option(
            "--input-format",
            metavar="F",
            help="inflows, spellbook, defillama, tagpack, etherscan-labels, eth-labels, ton-labels, reserves",
        ),
    ] = "inflows",
    aliases: Annotated[
        Path | None,
        typer.Option("--aliases", metavar="FILE", help="Further names of exchanges: alias, exchange"),
    ] = None,
    replaces: Annotated[
        bool,
        typer.Option("--replaces", help="Withdraw claims of earlier imports that the list no longer makes"),
    ] = False,
    known_at: KnownAt = None,
    data: Data = None,
) -> None:
    """Import claims about who owns an address: own files, or lists of others."""
    from inflows.reference.shipped import shipped

    if (path is None) != core:
        raise UsageError("Give either a PATH or --core.", "For example: inflows labels import --core")
    if core and input_format != "inflows":
        raise UsageError("--core is in the format inflows.", "Leave --input-format out.")
    known, layout = instant(known_at, "--known-at"), settings(data).layout
    path = path or shipped("labels")
    if input_format == "inflows":
        from inflows.registry.imports import import_labels as import_own

        if aliases is not None:
            raise UsageError("--aliases is for lists of others; own files name exchanges.", "Leave it out.")
        if replaces:
            raise UsageError(
                "--replaces is for lists of others: own files add to what is there.",
                "Import the labels to end with a valid_to.",
            )
        with files.writing(layout):
            own = import_own(layout, path, known_at=known, now=now())
        print(own.sentence(), file=sys.stderr)
        return
    from inflows.labels.import_lists import import_labels_of

    with files.writing(layout):
        report = import_labels_of(
            layout, path, input_format, aliases=aliases, known_at=known, replaces=replaces, now=now()
        )
    print(report.sentence(), file=sys.stderr)
