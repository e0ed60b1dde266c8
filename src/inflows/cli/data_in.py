"""Commands that bring data in: ingest, labels, prices, assets, jurisdictions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from inflows import files
from inflows.cli.options import Data, KnownAt, now
from inflows.errors import UsageError
from inflows.settings import load_settings
from inflows.times import parse_instant

ingest = typer.Typer(
    help="Bring transfers, UTXO entries and blocks into the raw store.", no_args_is_help=True
)
labels = typer.Typer(help="Who owns an address.", no_args_is_help=True)
prices = typer.Typer(help="What a coin cost.", no_args_is_help=True)
assets = typer.Typer(help="Which assets are listed.", no_args_is_help=True)
jurisdictions = typer.Typer(help="Where an exchange counts.", no_args_is_help=True)

ImportPath = Annotated[
    Path, typer.Argument(metavar="PATH", help="A CSV or Parquet file, or a folder of them")
]
OwnFormat = Annotated[str, typer.Option("--input-format", metavar="F", help="The format: inflows")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(ingest, name="ingest")
    app.add_typer(labels, name="labels")
    app.add_typer(prices, name="prices")
    app.add_typer(assets, name="assets")
    app.add_typer(jurisdictions, name="jurisdictions")


@ingest.callback()
def _ingest() -> None:
    """Bring transfers, UTXO entries and blocks into the raw store."""


@ingest.command("files")
def ingest_files(
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help="Files, folders or globs")],
    input_format: Annotated[str, typer.Option("--input-format", metavar="F", help="inflows or ethereum-etl")],
    chain: Annotated[str | None, typer.Option("--chain", help="The chain, where rows do not tell")] = None,
    blocks: Annotated[str | None, typer.Option("--blocks", metavar="PATH", help="Blocks with times")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Let these traces replace those of another source")
    ] = False,
    data: Data = None,
) -> None:
    """Read recorded transfers or UTXO entries from files."""
    from inflows.sources import ingest_files as read_files

    layout = load_settings(data).layout
    with files.writing(layout):
        report = read_files(layout, paths, input_format, chain=chain, blocks=blocks, replace=replace)
    print(report.sentence(), file=sys.stderr)


def _import(table: str, path: Path, input_format: str, known_at: str | None, data: Path | None) -> None:
    from inflows.registry import imports

    if input_format != "inflows":
        raise UsageError(f"--input-format {input_format} is not known here.", "The format is: inflows.")
    instant = None if known_at is None else parse_instant(known_at, "--known-at")
    layout = load_settings(data).layout
    with files.writing(layout):
        done = getattr(imports, f"import_{table}")(layout, path, known_at=instant, now=now())
    print(done.sentence(), file=sys.stderr)


@labels.callback()
def _labels() -> None:
    """Who owns an address."""


@labels.command("import")
def import_labels(
    path: ImportPath, input_format: OwnFormat = "inflows", known_at: KnownAt = None, data: Data = None
) -> None:
    """Import claims about addresses."""
    _import("labels", path, input_format, known_at, data)


@prices.callback()
def _prices() -> None:
    """What a coin cost."""


@prices.command("import")
def import_prices(
    path: ImportPath, input_format: OwnFormat = "inflows", known_at: KnownAt = None, data: Data = None
) -> None:
    """Import quotes in US dollars."""
    _import("prices", path, input_format, known_at, data)


@assets.callback()
def _assets() -> None:
    """Which assets are listed."""


@assets.command("import")
def import_assets(
    path: Annotated[Path | None, typer.Argument(metavar="PATH", help="A CSV or Parquet file")] = None,
    core: Annotated[bool, typer.Option("--core", help="The project's own list of core assets")] = False,
    known_at: KnownAt = None,
    data: Data = None,
) -> None:
    """Import listed assets: contracts, symbols, decimals."""
    from inflows.registry.imports import core_assets_path

    if (path is None) != core:
        raise UsageError("Give either a PATH or --core.", "inflows assets import assets.csv")
    _import("assets", core_assets_path() if path is None else path, "inflows", known_at, data)


@jurisdictions.callback()
def _jurisdictions() -> None:
    """Where an exchange counts."""


@jurisdictions.command("import")
def import_jurisdictions(
    path: ImportPath, input_format: OwnFormat = "inflows", known_at: KnownAt = None, data: Data = None
) -> None:
    """Import weights of exchanges in jurisdictions."""
    _import("jurisdictions", path, input_format, known_at, data)
