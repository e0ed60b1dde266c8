"""Commands that do the work: run, build, simulate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inflows.cli.options import Data, OutputFormat, PrintFormat, folder, instant, now, settings
from inflows.cli.totals import print_half_years
from inflows.errors import UsageError

if TYPE_CHECKING:
    from inflows.build.steps import Built


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("run")(run)
    app.command("build")(build)
    app.command("simulate")(simulate)


def run(
    sample: Annotated[bool, typer.Option("--sample", help="On a simulated market, made on the spot")] = False,
    output: OutputFormat = PrintFormat.table,
    data: Data = None,
) -> None:
    """The main job: ingest, build, publish, print the totals.

    What is ingested stands in inflows.toml, in the working directory.
    """
    from inflows.build import steps

    built = (steps.run_sample if sample else steps.run)(settings(data), now=now())
    _say(built)
    print_half_years(folder(data), output)


def build(
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="T", help="As things were known at T")
    ] = None,
    data: Data = None,
) -> None:
    """Make flows and totals of what is stored; publish them.

    The steps: label, price, classify, attribute, aggregate, check, publish. What has not changed is not
    computed again.
    """
    from inflows.build import steps

    present = now()
    limit = instant(as_of, "--as-of")
    if limit is not None and limit > present:
        raise UsageError(
            f"--as-of {as_of} is in the future.", "Nothing is known of it yet: give a past time."
        )
    _say(steps.build(settings(data), as_of=limit, now=present))


def simulate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files are written")],
    transfers: Annotated[int, typer.Option("--transfers", min=1, help="How many transfers")] = 100_000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same bytes")] = 1,
) -> None:
    """Write a synthetic market, with its true totals.

    The files are in the own formats, for `inflows ingest files` and the imports.
    """
    from inflows.progress import reporter
    from inflows.simulate import simulate as write_market

    with reporter("Simulating", transfers, unit="transfers") as progress:
        write_market(
            folder,
            transfers=transfers,
            seed=seed,
            progress=lambda done, of: progress.moved_to(done * transfers // of),
        )
    print(f"Wrote a simulated market of {transfers:,} transfers (seed {seed}) to {folder}.", file=sys.stderr)


def _say(built: Built) -> None:
    """The closing lines of a build, on stderr."""
    for note in built.notes:
        print(f"note: {note}", file=sys.stderr)
    print(
        f"Published vintage {built.vintage}{' of SIMULATED data' if built.simulated else ''} as "
        f"{built.database}, with {built.computed:,} of {built.partitions:,} chain-days computed anew.",
        file=sys.stderr,
    )
