"""The command `inflows ingest sqd`: transfers of labelled wallets, or all, from an SQD Portal."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from inflows import files
from inflows.chains import canonical_chain
from inflows.cli.options import Data, now
from inflows.errors import UsageError
from inflows.layout import Layout
from inflows.progress import reporter
from inflows.settings import load_settings
from inflows.times import parse_instant


def register(ingest: typer.Typer) -> None:
    """Add the command to `inflows ingest`."""
    ingest.command("sqd")(ingest_sqd)


def ingest_sqd(
    chain: Annotated[
        str, typer.Option("--chain", parser=canonical_chain, metavar="C", help="ethereum, bsc, …, bitcoin")
    ],
    from_date: Annotated[
        str, typer.Option("--from-date", metavar="A", help="Blocks from this time on (UTC)")
    ],
    to_date: Annotated[str, typer.Option("--to-date", metavar="B", help="Blocks before this time (UTC)")],
    everything: Annotated[
        bool, typer.Option("--all", help="All transfers, not those of labelled wallets alone")
    ] = False,
    no_traces: Annotated[bool, typer.Option("--no-traces", help="Leave internal transfers out")] = False,
    no_withdrawals: Annotated[
        bool,
        typer.Option("--no-withdrawals", help="Leave withdrawals of validators out: they need every header"),
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Let these traces replace those of another source")
    ] = False,
    portal: Annotated[
        str, typer.Option("--portal", metavar="URL", help="The Portal")
    ] = "https://portal.sqd.dev",
    portal_header: Annotated[
        str | None,
        typer.Option(
            "--portal-header",
            metavar="VARIABLE",
            help="The environment variable that holds a header for the Portal, as NAME: VALUE",
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option("--dataset", metavar="D", help="The Portal's name of the chain, where it is another"),
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, max=16, help="Streams at once")] = 4,
    requests: Annotated[
        int, typer.Option("--requests", metavar="N", min=1, help="Requests in ten seconds, at most")
    ] = 20,
    data: Data = None,
) -> None:
    """Read transfers of labelled wallets, or all, from an SQD Portal: no node and no key is needed."""
    from inflows.sources.sqd import SqdPace
    from inflows.sources.sqd import ingest_sqd as read

    layout = load_settings(data).layout
    headers = _header(portal_header)
    with files.writing(layout), reporter(f"Reading {chain}", unit="blocks") as progress:
        report = read(
            layout,
            chain=chain,
            from_time=parse_instant(from_date, "--from-date"),
            to_time=parse_instant(to_date, "--to-date"),
            labelled=None if everything else _labelled(layout, chain),
            traces=not no_traces,
            withdrawals=not no_withdrawals,
            replace=replace,
            portal_url=portal,
            portal_headers=headers,
            dataset=dataset,
            pace=SqdPace(workers=workers, requests=requests),
            progress=progress,
        )
    for warning in report.warnings:
        print(warning, file=sys.stderr)
    print(report.sentence(), file=sys.stderr)


def _header(variable: str | None) -> dict[str, str]:
    """The header that an environment variable holds; its value is shown nowhere."""
    if variable is None:
        return {}
    if not variable.isidentifier():  # it may be the header itself: it is not shown
        raise UsageError(
            "--portal-header is the name of an environment variable.",
            "Set it to NAME: VALUE, and give its name: the header itself would be in the shell's history.",
        )
    name, colon, value = os.environ.get(variable, "").partition(":")
    if not (colon and name.strip().isascii() and name.strip().replace("-", "").isalnum() and value.strip()):
        raise UsageError(
            f"The environment variable {variable} holds no header.",
            "Set it to NAME: VALUE, and give the variable's name, not the header, to --portal-header.",
        )
    return {name.strip(): value.strip()}


def _labelled(layout: Layout, chain: str) -> list[str]:
    """Addresses with a label on the chain, or on every EVM chain, at any time."""
    import polars as pl

    from inflows.addresses import address_form
    from inflows.chains import evm_labels_hold
    from inflows.registry import effective

    chains = [chain, "evm"] if evm_labels_hold(chain) else [chain]
    found = (
        effective.labels(layout, now())
        .filter(pl.col("chain").is_in(chains), pl.col("address").str.contains(address_form(chain)))
        .select(pl.col("address").unique().sort())
        .collect()
    )
    return found["address"].to_list()
