"""The command `inflows jurisdictions import`: weights in the own format, or made of something else."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Final

import typer

from inflows import files
from inflows.cli.options import Data, KnownAt, instant, now, settings
from inflows.errors import UsageError

FORMATS: Final = {
    "inflows": ("inflows.registry.imports", "import_jurisdictions"),
    "traffic": ("inflows.registry.imports", "import_traffic"),
    "tagpack-actors": ("inflows.labels.actors", "import_actors"),
}
"""The formats, and the module and function that reads each."""


def register(group: typer.Typer) -> None:
    """Add the command to `inflows jurisdictions`."""
    group.command("import")(import_jurisdictions)


def import_jurisdictions(
    path: Annotated[
        Path | None, typer.Argument(metavar="PATH", help="A CSV or Parquet file, a folder of them, or a glob")
    ] = None,
    core: Annotated[bool, typer.Option("--core", help="The weights that come with the project")] = False,
    input_format: Annotated[
        str, typer.Option("--input-format", metavar="F", help=f"The format: {', '.join(FORMATS)}")
    ] = "inflows",
    known_at: KnownAt = None,
    data: Data = None,
) -> None:
    """Import the weights of exchanges in jurisdictions."""
    from inflows.reference.shipped import shipped

    if (path is None) != core:
        raise UsageError(
            "Give either a PATH or --core.", "For example: inflows jurisdictions import weights.csv"
        )
    if input_format not in FORMATS:
        raise UsageError(
            f"--input-format {input_format} is not known here.", f"The formats are: {', '.join(FORMATS)}."
        )
    if core and input_format != "inflows":
        raise UsageError("--core is in the format inflows.", "Leave --input-format out.")
    known = instant(known_at, "--known-at")
    layout = settings(data).layout
    source = shipped("jurisdictions") if path is None else path
    module, function = FORMATS[input_format]
    with files.writing(layout):
        done = getattr(import_module(module), function)(layout, source, known_at=known, now=now())
    print(done.sentence(), file=sys.stderr)
