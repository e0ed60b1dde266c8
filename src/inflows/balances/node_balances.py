"""One balance after another from a node: eth_getBalance, and eth_call of a token's balanceOf."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import polars as pl

from inflows.errors import BadAnswer, Inconsistent, WorkError
from inflows.progress import Progress
from inflows.sources.evm.client import Call
from inflows.sources.evm.nodes import Node, Nodes, number

BALANCE_OF: Final = "0x70a08231"
"""The selector of balanceOf(address): the first four bytes of its Keccak-256 (ERC-20)."""
_AT_ONCE: Final = 500
"""Wallets asked for before progress is told and another node may take over."""
_WORD: Final = 64


def ask_all(
    nodes: Nodes,
    assets: pl.DataFrame,
    addresses: Sequence[str],
    block: int,
    warnings: list[str],
    progress: Progress,
) -> list[tuple[str, str, str]]:
    """Contract, address and amount of every balance that there is after a block.

    assets: contract Assets. A token that has no code there, or refuses, is left out and told in `warnings`.
    """
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
