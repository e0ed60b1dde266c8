"""The command `inflows ingest files`: recorded transfers and UTXO entries."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from inflows import files
from inflows.cli.options import Data, settings
from inflows.sources import ingest_files as read_files
from inflows.sources.files import FORMATS


def register(ingest: typer.Typer) -> None:
    """Add the command to `inflows ingest`."""
    ingest.command("files")(ingest_files)


def ingest_files(
    paths: Annotated[list[str], typer.Argument(metavar="PATH", help="Files, folders or globs")],
    input_format: Annotated[
        str, typer.Option("--input-format", metavar="F", help=f"One of: {', '.join(sorted(FORMATS))}")
    ],
    chain: Annotated[
        str | None, typer.Option("--chain", metavar="C", help="The chain, where rows do not tell")
    ] = None,
    blocks: Annotated[
        str | None, typer.Option("--blocks", metavar="PATH", help="A file of blocks, where rows have no time")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Let these traces replace those of another source")
    ] = False,
    data: Data = None,
) -> None:
    """Read recorded transfers or UTXO entries from files."""
    layout = settings(data).layout
    with files.writing(layout):
        report = read_files(layout, paths, input_format, chain=chain, blocks=blocks, replace=replace)
    print(report.sentence(), file=sys.stderr)
