"""The import of assets in the project's own format."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from inflows import files
from inflows.cli.options import Data, KnownAt, instant, now, settings
from inflows.errors import UsageError
from inflows.registry import imports

OwnFormat = Annotated[str, typer.Option("--input-format", metavar="F", help="The format: inflows")]


def register_assets(group: typer.Typer) -> None:
    """Add the commands to `inflows assets`."""
    group.command("import")(import_assets)


def import_assets(
    path: Annotated[
        Path | None, typer.Argument(metavar="PATH", help="A CSV or Parquet file, a folder of them, or a glob")
    ] = None,
    core: Annotated[bool, typer.Option("--core", help="The project's own list of core assets")] = False,
    input_format: OwnFormat = "inflows",
    known_at: KnownAt = None,
    data: Data = None,
) -> None:
    """Import listed assets: contracts, symbols, decimals."""
    if (path is None) != core:
        raise UsageError("Give either a PATH or --core.", "For example: inflows assets import assets.csv")
    _import("assets", imports.core_assets_path() if path is None else path, input_format, known_at, data)


def _import(table: str, path: Path, input_format: str, known_at: str | None, data: Path | None) -> None:
    if input_format != "inflows":
        raise UsageError(f"--input-format {input_format} is not known here.", "The format is: inflows.")
    known = instant(known_at, "--known-at")
    layout = settings(data).layout
    with files.writing(layout):
        done = getattr(imports, f"import_{table}")(layout, path, known_at=known, now=now())
    print(done.sentence(), file=sys.stderr)
