"""One span of blocks, read from one node and held against itself: whole, or an error."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import polars as pl

from inflows.errors import UsageError
from inflows.sources.evm import decode
from inflows.sources.evm.blocks import (
    Block,
    Header,
    check_links,
    fetch_blocks,
    fetch_receipts,
    header_of,
    valued,
)
from inflows.sources.evm.chain_ids import Chain
from inflows.sources.evm.client import Call
from inflows.sources.evm.logs import (
    NO_LOGS,
    check_empty,
    check_logs,
    check_receipt_logs,
    doubtful_blocks,
    fetch_logs,
)
from inflows.sources.evm.nodes import Node
from inflows.sources.evm.trace_method import TRACER
from inflows.sources.evm.traces import SOURCES, Traced, read_call_tracer, read_trace_block
from inflows.sources.evm.tron import to_hex
from inflows.sources.evm.tron_types import fetch_types

_HEADERS_AT_ONCE: Final = 200
_DIGEST_DIGITS: Final = 12


@dataclass(frozen=True)
class Span:
    """Blocks `first` to `last`, of which the same is wanted."""

    first: int
    last: int
    basic: bool = True
    """Token and native transfers, and withdrawals."""
    traces: bool = False

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return self.last - self.first + 1


@dataclass(frozen=True)
class Reading:
    """What was read of a span."""

    span: Span
    headers: tuple[Header, ...]
    transfers: pl.DataFrame
    blocks: pl.DataFrame
    counts: Counter[str] = field(default_factory=Counter)
    """transactions, zero_value (transactions that carry none), tokens."""


def read_span(node: Node, chain: Chain, span: Span) -> Reading:
    """Everything that is wanted of a span; Inconsistent where the answers do not fit each other."""
    numbers = range(span.first, span.last + 1)
    blocks = fetch_blocks(node, numbers, full=span.basic)
    headers = [header_of(block, number, node.name) for number, block in zip(numbers, blocks, strict=True)]
    check_links(headers, node.name)
    by_number = {header.number: header for header in headers}
    pairs = list(zip(headers, blocks, strict=True))
    counts: Counter[str] = Counter(transactions=sum(len(block["transactions"]) for block in blocks))
    frames: list[pl.DataFrame] = []
    traced = _traced(node, pairs) if span.traces else {}
    unknown: frozenset[int] = frozenset()
    if span.basic:
        logs = fetch_logs(node, span.first, span.last)
        check_logs(logs, by_number, own_transactions=chain.logs_only_of_own_transactions, name=node.name)
        receipts = fetch_receipts(node, pairs)
        check_receipt_logs(receipts.values(), logs, name=node.name)
        if chain.has_blooms:
            _check_doubtful(node, doubtful_blocks(logs, by_number), dict(zip(numbers, pairs, strict=True)))
        outcomes = {tx: good for of_block in traced.values() for tx, good in of_block.outcomes.items()}
        types = fetch_types(node, pairs) if chain.is_tron else None
        natives = decode.natives(chain.name, pairs, receipts, outcomes, types)
        unknown = frozenset(natives.filter(pl.col("reason") == "status_unknown")["block_number"].to_list())
        frames += [
            decode.tokens(chain.name, logs, by_number),
            natives,
            decode.withdrawals(chain.name, pairs),
        ]
        counts["tokens"] = logs.height
        counts["zero_value"] = counts["transactions"] - sum(len(valued(block)) for block in blocks)
    if span.traces:
        moves = [(by_number[number], move) for number, found in traced.items() for move in found.moves]
        frames.append(decode.internals(chain.name, moves, SOURCES[node.trace_method]))
    return Reading(
        span,
        slim(headers),
        pl.concat(frames),
        decode.blocks_frame(chain.name, headers, basic=span.basic, traces=span.traces, unknown=unknown),
        counts,
    )


@dataclass(frozen=True)
class LabelledSet:
    """The addresses (20 bytes in hex, sorted) that a reading is limited to."""

    addresses: tuple[str, ...]

    @cached_property
    def digest(self) -> str:
        """A short name of the set: the same for the same addresses."""
        return hashlib.sha256("\n".join(self.addresses).encode()).hexdigest()[:_DIGEST_DIGITS]


def read_labelled(node: Node, chain: Chain, span: Span, labelled: LabelledSet) -> Reading:
    """Token transfers from and to some addresses, and all headers of the span: cheap, and not whole."""
    logs = fetch_logs(node, span.first, span.last, labelled.addresses)
    with_logs = set(logs["number"].drop_nulls().unique())
    headers: list[Header] = []
    for start in range(span.first, span.last + 1, _HEADERS_AT_ONCE):
        numbers = range(start, min(span.last, start + _HEADERS_AT_ONCE - 1) + 1)
        blocks = fetch_blocks(node, numbers, full=False)
        # The hashes of transactions are most of a header, and only logs are held against them.
        headers += [
            header if header.number in with_logs else slim([header])[0]
            for header in (header_of(*of, node.name) for of in zip(blocks, numbers, strict=True))
        ]
    check_links(headers, node.name)
    by_number = {header.number: header for header in headers}
    check_logs(logs, by_number, own_transactions=chain.logs_only_of_own_transactions, name=node.name)
    return Reading(
        span,
        slim(headers),
        decode.tokens(chain.name, logs, by_number),
        decode.blocks_frame(chain.name, headers, labelled_set=labelled.digest),
        Counter(tokens=logs.height),
    )


def slim(headers: Sequence[Header]) -> tuple[Header, ...]:
    """Headers without what is not needed any more, so that waiting for the store costs little memory."""
    return tuple(replace(header, transactions=None, bloom=0) for header in headers)


def _check_doubtful(node: Node, doubtful: Sequence[int], pairs: Mapping[int, tuple[Header, Block]]) -> None:
    """Ask for the receipts of blocks whose logsBloom speaks against an empty answer, and believe those."""
    for number in doubtful:
        header, block = pairs[number]
        receipts = list(fetch_receipts(node, [(header, block)], everything=True).values())
        check_receipt_logs(receipts, NO_LOGS, name=node.name)
        check_empty(header, receipts, name=node.name)


def _traced(node: Node, pairs: Sequence[tuple[Header, Block]]) -> dict[int, Traced]:
    with_transactions = [pair for pair in pairs if pair[1]["transactions"]]
    parameters = TRACER[node.trace_method]
    calls = [
        Call(node.trace_method, (hex(header.number), *parameters), f"block {header.number:,}")
        for header, _ in with_transactions
    ]
    found: dict[int, Traced] = {}
    for (header, block), answer in zip(with_transactions, node.client.batch(calls), strict=True):
        if node.trace_method == "trace_block":
            found[header.number] = read_trace_block(answer, header, node.name)
        else:
            order = [tx if isinstance(tx, str) else tx["hash"] for tx in block["transactions"]]
            found[header.number] = read_call_tracer(answer, header, order, node.name)
    return found


def labelled_set_of(chain: Chain, addresses: Sequence[str]) -> LabelledSet:
    """The wallets to read for, as a node writes them; UsageError where there is none."""
    if not addresses:
        raise UsageError(
            f"No address on {chain.name} is labelled.", "Import labels first, or leave --only-labelled out."
        )
    found = {to_hex(address) if chain.is_tron else address.lower() for address in addresses}
    return LabelledSet(tuple(sorted(found)))
