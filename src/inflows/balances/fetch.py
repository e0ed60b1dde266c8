"""Balances of labelled wallets from an EVM node: eth_getBalance, and balanceOf of each listed token."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from inflows.balances.node_balances import ask_all
from inflows.build.registry_snapshot import ChainRegistries, Registries
from inflows.contracts.balances import Balances
from inflows.contracts.schema import dtypes
from inflows.errors import Inconsistent, UsageError, WorkError
from inflows.http import HttpClient
from inflows.layout import Layout
from inflows.progress import Progress, silent
from inflows.registry import store
from inflows.registry.store import Imported
from inflows.registry.tables import BALANCES
from inflows.sources.evm.chain_ids import Chain, known_chain
from inflows.sources.evm.client import Call
from inflows.sources.evm.dates import first_block_at
from inflows.sources.evm.nodes import Nodes, endpoints_of
from inflows.sources.evm.pace import Pace

_log = logging.getLogger(__name__)
SOURCE: Final = "rpc"


@dataclass
class Fetched:
    """What was asked and stored."""

    chain: str
    block: int
    wallets: int
    stored: Imported
    warnings: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """The closing line that users see."""
        return f"{self.chain}, after block {self.block:,}, {self.wallets:,} wallets: {self.stored.sentence()}"


def fetch_balances(
    layout: Layout,
    *,
    chain: str,
    rpc_urls: Sequence[str],
    block: int | None = None,
    time: dt.datetime | None = None,
    exchanges: Sequence[str] = (),
    level: str = "base",
    confirmations: int | None = None,
    chain_id: int | None = None,
    now: dt.datetime,
    pace: Pace | None = None,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
) -> Fetched:
    """Ask for the balances after a block, or after the last one at or before a time, and store them.

    Asked for are the wallets that an exchange (of `exchanges`, if any are given) has then at the level, and
    the listed assets of the chain. A token that has no code at that block, or refuses, is left out with a
    warning. All is stored or nothing. The caller holds the writing lock.

    Raises UsageError for what cannot be meant, and the WorkError of a node that keeps no such old state.
    """
    if (block is None) == (time is None) or (block or 0) < 0:
        raise UsageError(
            "Balances are fetched as of one block or one time.", "Give either --block N, from 0, or --date T."
        )
    known = known_chain(chain, chain_id=chain_id)
    chain = known.name
    if known.is_tron:
        raise UsageError(
            "Tron's JSON-RPC gives balances of its newest block alone.",
            "Bring balances of Tron in with `inflows balances import`.",
        )
    endpoints = endpoints_of(rpc_urls)
    of_chain = Registries(layout, now).of_chain(chain)
    if of_chain.assets.is_empty():
        raise UsageError(
            f"No asset of {chain} is listed.", "Import assets first: inflows assets import --core"
        )
    pace, say = pace or Pace(), say or _log.warning
    with HttpClient(patience=pace.patience, say=say) as http:
        nodes = Nodes.of(known, endpoints, http, pace, say, confirmations=confirmations)
        at, held_at = _moment(nodes, known, block, time)
        addresses = _wallets(of_chain, exchanges, level, held_at)
        warnings: list[str] = []
        amounts = ask_all(nodes, of_chain.assets, addresses, at, warnings, progress or silent())
    rows = pl.DataFrame(
        [
            (chain, address, contract, held_at, at, amount, SOURCE, now)
            for contract, address, amount in amounts
        ],
        schema=dtypes(Balances),
        orient="row",
    )
    stored = store.append(layout, BALANCES, rows, known_at=now, now=now)
    return Fetched(chain, at, len(addresses), stored, warnings)


def _moment(
    nodes: Nodes, chain: Chain, block: int | None, time: dt.datetime | None
) -> tuple[int, dt.datetime]:
    """The block after which balances are asked for, and the instant at which they hold."""
    safe = nodes.safe_head()
    if block is not None and block <= safe:
        found = nodes.use(
            block,
            lambda node: node.client.batch(
                [Call("eth_getBlockByNumber", (hex(block), False), f"block {block:,}")]
            ),
        )[0]
        try:
            return block, dt.datetime.fromtimestamp(int(found["timestamp"], 16), dt.UTC)
        except (KeyError, TypeError, ValueError):
            raise Inconsistent(f"A node gives a block {block:,} of {chain.name} without a time.") from None
    if time is not None:
        second = dt.datetime.fromtimestamp(int(time.timestamp()) + 1, dt.UTC)
        after = nodes.use(safe, lambda node: first_block_at(node, second, safe))
        if after == 0:
            raise UsageError(
                f"{chain.name} has no block up to {time:%Y-%m-%d %H:%M} UTC.", "Give a later date."
            )
        if after <= safe:
            return after - 1, time
    what = f"Block {block:,}" if block is not None else f"The block after {time:%Y-%m-%d %H:%M} UTC"
    raise WorkError(
        f"{what} of {chain.name} is not there or not final yet: blocks up to {safe:,} are.",
        "Ask for an earlier one, or give --confirmations N.",
    )


def _wallets(chain: ChainRegistries, exchanges: Sequence[str], level: str, at: dt.datetime) -> list[str]:
    """The wallets that exchanges have at an instant."""
    exchange = pl.col(f"exchange_{level}")
    found = chain.wallets.filter(
        pl.col("valid_from") <= at,
        pl.col("valid_to") > at,
        exchange.is_in(list(exchanges)) if exchanges else exchange.is_not_null(),
    )
    if found.is_empty():
        of = f" of {', '.join(exchanges)}" if exchanges else ""
        raise UsageError(
            f"No wallet{of} on {chain.chain} is labelled at {at:%Y-%m-%d %H:%M} UTC.",
            "Import labels first: inflows labels import",
        )
    return found["address"].unique().sort().to_list()
