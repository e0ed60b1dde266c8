"""The command `inflows ingest bitcoin`: inputs and outputs from a node of Bitcoin or its kin."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from inflows import files
from inflows.chains import canonical_chain
from inflows.cli.options import Data
from inflows.settings import load_settings


def register(ingest: typer.Typer) -> None:
    """Add the command to `inflows ingest`."""
    ingest.command("bitcoin")(ingest_bitcoin)


def ingest_bitcoin(
    rpc: Annotated[
        list[str],
        typer.Option(
            "--rpc", metavar="URL", help="A node: http://user:password@host:8332; several are all used"
        ),
    ],
    from_block: Annotated[int, typer.Option("--from-block", metavar="A", min=0, help="The first block")],
    to_block: Annotated[int, typer.Option("--to-block", metavar="B", min=0, help="The last block")],
    chain: Annotated[
        str,
        typer.Option(
            "--chain",
            parser=canonical_chain,
            metavar="C",
            help="bitcoin, litecoin, dogecoin or another chain of that kind",
        ),
    ] = "bitcoin",
    network: Annotated[
        str,
        typer.Option("--network", metavar="N", help="main, test, signet or regtest: the nodes must be of it"),
    ] = "main",
    confirmations: Annotated[
        int,
        typer.Option("--confirmations", metavar="N", min=1, help="How deep a block must lie to be stored"),
    ] = 6,
    cookie: Annotated[
        Path | None,
        typer.Option("--cookie", metavar="FILE", help="The node's cookie file, where URLs hold no key"),
    ] = None,
    data: Data = None,
) -> None:
    """Read the inputs and outputs of blocks from nodes; what is stored already is not read again."""
    from inflows.progress import reporter
    from inflows.sources.bitcoin import ingest_bitcoin as read_blocks
    from inflows.sources.listed import chain_warnings

    layout = load_settings(data).layout
    with (
        files.writing(layout),
        reporter(f"Reading {chain}", to_block - from_block + 1, unit="blocks") as progress,
    ):
        report = read_blocks(
            layout,
            chain=chain,
            network=network,
            rpc_urls=rpc,
            from_block=from_block,
            to_block=to_block,
            confirmations=confirmations,
            cookie=cookie,
            progress=progress,
        )
    for warning in chain_warnings(layout, [chain]):
        print(warning, file=sys.stderr)
    print(report.sentence(), file=sys.stderr)
