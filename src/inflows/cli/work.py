"""Commands that do the work: run, build, simulate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from inflows.cli.answers import print_totals
from inflows.cli.options import Data, Format, OutputFormat, now
from inflows.errors import UsageError
from inflows.settings import load_settings
from inflows.times import parse_instant


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("run")(run)
    app.command("build")(build)
    app.command("simulate")(simulate)


def run(
    sample: Annotated[bool, typer.Option("--sample", help="On a simulated market, made on the spot")] = False,
    output: OutputFormat = Format.table,
    data: Data = None,
) -> None:
    """The main job: ingest what is configured, build, publish, print the half-year totals."""
    from inflows import compose

    settings = load_settings(data)
    built = (compose.run_sample if sample else compose.run)(settings, now=now())
    _say(built)
    print_totals(built.database, output)


def build(
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="T", help="As things were known at T")
    ] = None,
    data: Data = None,
) -> None:
    """Label, price, classify, attribute, aggregate, check, and publish a vintage."""
    from inflows import compose

    present = now()
    instant = None if as_of is None else parse_instant(as_of, "--as-of")
    if instant is not None and instant > present:
        raise UsageError(
            f"--as-of {as_of} is in the future.", "Nothing is known of it yet: give a past time."
        )
    _say(compose.build(load_settings(data), as_of=instant, now=present))


def simulate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files are written")],
    transfers: Annotated[int, typer.Option("--transfers", min=1, help="How many transfers")] = 100_000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same bytes")] = 1,
) -> None:
    """Write a synthetic market in the own file formats, with its true totals."""
    from inflows.progress import reporter
    from inflows.simulate import simulate as write_market

    with reporter("Simulating transfers", transfers) as progress:
        write_market(folder, transfers=transfers, seed=seed, progress=lambda done, _: progress.moved_to(done))
    print(f"Wrote a simulated market of {transfers:,} transfers (seed {seed}) to {folder}.", file=sys.stderr)


def _say(built: object) -> None:
    """The closing lines of a build, on stderr."""
    from inflows.compose import Built

    assert isinstance(built, Built)
    for note in built.notes:
        print(f"note: {note}", file=sys.stderr)
    print(
        f"Published vintage {built.vintage}{' (simulated)' if built.simulated else ''}: "
        f"{built.computed:,} of {built.partitions:,} chain-days computed. Database: {built.database}",
        file=sys.stderr,
    )
