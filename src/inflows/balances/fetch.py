"""Balances of labelled wallets from an EVM node: eth_getBalance, and balanceOf of each listed token."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import polars as pl

from inflows.contracts.balances import Balances
from inflows.contracts.schema import dtypes
from inflows.errors import UsageError, WorkError
from inflows.layout import Layout
from inflows.net import BadAnswer, Door, parse_endpoint
from inflows.progress import Progress, silent
from inflows.registries import ChainRegistries, Registries
from inflows.registry import store
from inflows.registry.store import Imported
from inflows.registry.tables import BALANCES
from inflows.sources.evm.chain_ids import Chain, known_chain
from inflows.sources.evm.client import Call
from inflows.sources.evm.dates import first_block_at
from inflows.sources.evm.errors import Inconsistent
from inflows.sources.evm.nodes import Node, Nodes, number
from inflows.sources.evm.pace import Pace

SOURCE: Final = "rpc"
BALANCE_OF: Final = "0x70a08231"
"""The selector of balanceOf(address): the first four bytes of its Keccak-256 (ERC-20)."""
_AT_ONCE: Final = 500
"""Wallets asked for before progress is told and another node may take over."""
_WORD: Final = 64
_LEVEL: Final = "exchange_base"


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
    confirmations: int | None = None,
    chain_id: int | None = None,
    now: dt.datetime,
    pace: Pace | None = None,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
) -> Fetched:
    """Ask for the balances after a block, or after the last one at or before a time, and store them.

    Asked for are the wallets that an exchange (of `exchanges`, if any are given) has then at level base, and
    the listed assets of the chain. A token that has no code at that block, or refuses, is left out with a
    warning. All is stored or nothing. The caller holds the writing lock. Raises UsageError for what cannot be
    meant, and the WorkError of a node that keeps no such old state.
    """
    if (block is None) == (time is None) or (block or 0) < 0:
        raise UsageError(
            "Balances are fetched as of one block or one time.", "Give either --block N, from 0, or --date T."
        )
    known = known_chain(chain, chain_id=chain_id)
    if known.is_tron:
        raise UsageError(
            "Tron's JSON-RPC gives balances of its newest block alone.",
            "Bring balances of Tron in with `inflows balances import`.",
        )
    if not rpc_urls:
        raise UsageError("No node was given.", "Give one with --rpc URL.")
    of_chain = Registries(layout, now).of_chain(chain)
    if of_chain.assets.is_empty():
        raise UsageError(
            f"No asset of {chain} is listed.", "Import assets first: inflows assets import --core"
        )
    pace, say = pace or Pace(), say or _to_stderr
    endpoints = [parse_endpoint(url) for url in dict.fromkeys(rpc_urls)]
    with Door(patience=pace.patience, say=say) as door:
        nodes = Nodes.of(
            known,
            endpoints,
            door,
            confirmations=confirmations,
            batch=pace.batch,
            range_size=pace.range_blocks,
            say=say,
            aside_seconds=pace.aside_seconds,
        )
        at, held_at = _moment(nodes, known, block, time)
        addresses = _wallets(of_chain, exchanges, held_at)
        warnings: list[str] = []
        amounts = _ask_all(nodes, of_chain.assets, addresses, at, warnings, progress or silent())
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


def _wallets(chain: ChainRegistries, exchanges: Sequence[str], at: dt.datetime) -> list[str]:
    """The wallets that exchanges have at an instant."""
    found = chain.wallets.filter(
        pl.col("valid_from") <= at,
        pl.col("valid_to") > at,
        pl.col(_LEVEL).is_in(list(exchanges)) if exchanges else pl.col(_LEVEL).is_not_null(),
    )
    if found.is_empty():
        of = f" of {', '.join(exchanges)}" if exchanges else ""
        raise UsageError(
            f"No wallet{of} on {chain.chain} is labelled at {at:%Y-%m-%d %H:%M} UTC.",
            "Import labels first: inflows labels import",
        )
    return found["address"].unique().sort().to_list()


def _ask_all(
    nodes: Nodes,
    assets: pl.DataFrame,
    addresses: Sequence[str],
    block: int,
    warnings: list[str],
    progress: Progress,
) -> list[tuple[str, str, str]]:
    """Contract, address and amount of every balance that there is."""
    progress.begin("Asking for balances", assets.height * len(addresses))
    found: list[tuple[str, str, str]] = []
    for contract, symbol in assets.sort("contract").select("contract", "symbol").iter_rows():
        asked: list[tuple[str, str, str]] = []
        for start in range(0, len(addresses), _AT_ONCE):
            part = addresses[start : start + _AT_ONCE]
            try:
                amounts = nodes.use(block, partial(_ask, contract=contract, addresses=part, block=block))
            except _NoToken as refusal:
                warnings.append(
                    f"Warning: {symbol} ({contract}) {refusal.problem} at block {block:,}; it is left out."
                )
                asked = []
                progress.advance(len(addresses) - start)
                break
            asked += [(contract, address, str(amount)) for address, amount in zip(part, amounts, strict=True)]
            progress.advance(len(part))
        found += asked
    return found


class _NoToken(WorkError):
    """A contract that gives no balances."""


def _ask(node: Node, contract: str, addresses: Sequence[str], block: int) -> list[int]:
    """The balances of addresses in one asset after a block."""
    tag = hex(block)
    if not contract:
        calls = [
            Call("eth_getBalance", (address, tag), f"{address} at block {block:,}") for address in addresses
        ]
        return [number(answer, node, "eth_getBalance") for answer in node.client.batch(calls)]
    calls = [
        Call(
            "eth_call",
            ({"to": contract, "data": BALANCE_OF + address[2:].rjust(_WORD, "0")}, tag),
            f"balanceOf {address} of {contract} at block {block:,}",
        )
        for address in addresses
    ]
    try:
        answers = node.client.batch(calls)
    except BadAnswer as error:
        if "revert" not in error.problem.lower():
            raise
        raise _NoToken("refuses to tell balances") from None
    return [_word(answer, node, contract) for answer in answers]


def _word(answer: object, node: Node, contract: str) -> int:
    """The 256-bit word that a call gives."""
    text = answer if isinstance(answer, str) else ""
    if text == "0x":
        raise _NoToken("has no code or no balances")
    digits = text.removeprefix("0x")
    if len(digits) != _WORD:
        shown = node.client.endpoint.redact(repr(answer))[:80]
        raise Inconsistent(f"{node.name} answers {shown} to balanceOf of {contract}, which is no balance.")
    return number(text, node, "balanceOf")


def _to_stderr(sentence: str) -> None:
    print(sentence, file=sys.stderr)
