"""The command `inflows ingest files`: recorded transfers and UTXO entries."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Annotated

import typer

from inflows import files
from inflows.chains import canonical_chain
from inflows.cli.options import Data, instant, now, settings
from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.sources import ingest_files as read_files
from inflows.sources.ingest_files import FORMATS


def register(ingest: typer.Typer) -> None:
    """Add the command to `inflows ingest`."""
    ingest.command("files")(ingest_files)


def ingest_files(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH", help="Files, folders, globs or s3:// addresses")
    ],
    input_format: Annotated[
        str, typer.Option("--input-format", metavar="F", help=f"One of: {', '.join(sorted(FORMATS))}")
    ],
    chain: Annotated[
        str | None,
        typer.Option(
            "--chain", parser=canonical_chain, metavar="C", help="The chain, where rows do not tell"
        ),
    ] = None,
    blocks: Annotated[
        str | None, typer.Option("--blocks", metavar="PATH", help="A file of blocks, where rows have no time")
    ] = None,
    from_date: Annotated[
        str | None, typer.Option("--from-date", metavar="T", help="Only partitions date=… from this day on")
    ] = None,
    to_date: Annotated[
        str | None, typer.Option("--to-date", metavar="T", help="Only partitions date=… before this day")
    ] = None,
    covers: Annotated[
        str | None,
        typer.Option(
            "--covers", metavar="A/B", help="The files hold the days from A up to but not including B"
        ),
    ] = None,
    only_labelled: Annotated[
        bool,
        typer.Option("--only-labelled", help="Keep only transfers of labelled addresses: small, and partial"),
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Let these traces replace those of another source")
    ] = False,
    data: Data = None,
) -> None:
    """Read recorded transfers or UTXO entries from files."""
    layout = settings(data).layout
    with files.writing(layout):
        report = read_files(
            layout,
            paths,
            input_format,
            chain=chain,
            blocks=blocks,
            replace=replace,
            from_date=_day(from_date, "--from-date"),
            to_date=_day(to_date, "--to-date"),
            labelled=_labelled(layout) if only_labelled else None,
            covers=None if covers is None else _days(covers),
        )
    print(report.sentence(), file=sys.stderr)
    report.raise_if_misread()


def _days(text: str) -> tuple[dt.date, dt.date]:
    """The days that --covers names: A/B."""
    first, _, end = text.partition("/")
    days = _day(first.strip() or None, "--covers"), _day(end.strip() or None, "--covers")
    if days[0] is None or days[1] is None:
        raise UsageError(
            f"--covers {text} names no days.",
            "Write 2024-01-01/2024-07-01: the second is not included.",
        )
    return days[0], days[1]


def _day(text: str | None, option: str) -> dt.date | None:
    """The UTC day that an option names; days are whole."""
    found = instant(text, option)
    if found is None:
        return None
    if found.time() != dt.time():
        raise UsageError(f"{option} {text} is within a day.", "Partitions hold whole days: write 2024-01-31.")
    return found.date()


def _labelled(layout: Layout) -> list[str]:
    """All addresses that have a label on any chain at any time."""
    import polars as pl

    from inflows.registry import effective

    found = effective.labels(layout, now()).select(pl.col("address").unique().sort()).collect()
    return found["address"].to_list()
