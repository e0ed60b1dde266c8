"""The command `inflows ingest evm`: transfers of an EVM chain or Tron by JSON-RPC."""

from __future__ import annotations

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

Rpc = Annotated[
    list[str],
    typer.Option("--rpc", metavar="URL", help="A node's JSON-RPC; several times: all are used"),
]
ChainName = Annotated[
    str,
    typer.Option(
        "--chain",
        parser=canonical_chain,
        metavar="C",
        help="The chain: ethereum, bsc, tron, …",
    ),
]


def register(ingest: typer.Typer) -> None:
    """Add the command to `inflows ingest`."""
    ingest.command("evm")(ingest_evm)


def ingest_evm(
    chain: ChainName,
    rpc: Rpc,
    from_block: Annotated[
        int | None, typer.Option("--from-block", metavar="A", help="The first block")
    ] = None,
    to_block: Annotated[
        int | None, typer.Option("--to-block", metavar="B", help="The last block, inclusive")
    ] = None,
    from_date: Annotated[
        str | None, typer.Option("--from-date", metavar="T", help="Blocks from this time on (UTC)")
    ] = None,
    to_date: Annotated[
        str | None, typer.Option("--to-date", metavar="T", help="Blocks before this time (UTC)")
    ] = None,
    traces: Annotated[bool, typer.Option("--traces", help="Internal transfers too")] = False,
    only_labelled: Annotated[
        bool,
        typer.Option("--only-labelled", help="Only token transfers of labelled addresses: cheap, partial"),
    ] = False,
    trongrid: Annotated[
        str | None,
        typer.Option(
            "--trongrid", metavar="URL", help="TronGrid's index of wallets, for --only-labelled on tron"
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Let these traces replace those of another source")
    ] = False,
    confirmations: Annotated[
        int | None,
        typer.Option(
            "--confirmations", metavar="N", help="Take N confirmations for final [default: finalized]"
        ),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for blocks that are not there yet")] = False,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help="Requests under way at once")] = 4,
    chain_id: Annotated[
        int | None, typer.Option("--chain-id", metavar="N", help="The id of a chain that is not known here")
    ] = None,
    bloom_check: Annotated[
        bool | None,
        typer.Option(
            "--bloom-check/--no-bloom-check", help="Hold empty answers against the blocks' logsBloom"
        ),
    ] = None,
    data: Data = None,
) -> None:
    """Read token and native transfers of a chain from its nodes."""
    from inflows.sources.evm import Pace
    from inflows.sources.evm import ingest_evm as read
    from inflows.sources.listed import chain_warnings

    settings = load_settings(data)
    layout = settings.layout
    known = from_block is not None and to_block is not None
    blocks = to_block - from_block + 1 if known and from_block is not None and to_block is not None else None
    with (
        files.writing(layout),
        reporter(f"Reading {chain}", blocks, unit="blocks") as progress,
    ):
        report = read(
            layout,
            chain=chain,
            rpc_urls=rpc,
            from_block=from_block,
            to_block=to_block,
            from_time=None if from_date is None else parse_instant(from_date, "--from-date"),
            to_time=None if to_date is None else parse_instant(to_date, "--to-date"),
            confirmations=confirmations,
            traces=traces,
            only_labelled=_labelled(layout, chain) if only_labelled else None,
            trongrid=trongrid,
            trongrid_key=settings.key_of("trongrid"),
            replace=replace,
            wait=wait,
            chain_id=chain_id,
            check_blooms=bloom_check,
            pace=Pace(workers=workers),
            progress=progress,
        )
    for warning in report.warnings:
        print(warning, file=sys.stderr)
    for warning in chain_warnings(layout, [chain]):
        print(warning, file=sys.stderr)
    print(report.sentence(), file=sys.stderr)


def _labelled(layout: Layout, chain: str) -> list[str]:
    """Addresses with a label on the chain, or on every EVM chain, at any time."""
    import polars as pl

    from inflows.addresses import address_form
    from inflows.chains import FAMILY, evm_labels_hold
    from inflows.registry import effective

    if FAMILY.get(chain, "evm") not in ("evm", "tron"):
        raise UsageError(f"{chain} has no JSON-RPC of this kind.", "Give an EVM chain or tron.")
    chains = [chain, "evm"] if evm_labels_hold(chain) else [chain]
    found = (
        effective.labels(layout, now())
        .filter(pl.col("chain").is_in(chains), pl.col("address").str.contains(address_form(chain)))
        .select(pl.col("address").unique().sort())
        .collect()
    )
    return found["address"].to_list()
