"""One piece of the range, read by as many requests as its addresses need, and held against itself."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import polars as pl

from inflows.contracts.schema import UTC_TIME
from inflows.errors import Inconsistent, NetError, TableAbsent
from inflows.raw.quarantine_reasons import STATUS_UNKNOWN
from inflows.sources.sqd import evm, utxo
from inflows.sources.sqd.answers import Tables
from inflows.sources.sqd.plan import Span
from inflows.sources.sqd.portal import Portal
from inflows.sources.sqd.query import Query, bitcoin_queries, evm_queries
from inflows.sources.sqd.reading import Gathered, read_range

_FEWEST_ROWS: Final = 10_000


class Wanted:
    """What is asked of every block: kinds of transfers (`utxo` on Bitcoin)."""

    def __init__(self, kinds: frozenset[str]) -> None:
        self.kinds = kinds
        self._made: dict[tuple[str, ...] | None, Sequence[Query]] = {}

    def queries(self, addresses: tuple[str, ...] | None) -> Sequence[Query]:
        """The requests that each range needs; made once for the same addresses."""
        if addresses not in self._made:
            if "utxo" in self.kinds:
                self._made[addresses] = bitcoin_queries(addresses)
            else:
                self._made[addresses] = evm_queries(
                    addresses, traces="trace" in self.kinds, withdrawals="withdrawal" in self.kinds
                )
        return self._made[addresses]


@dataclass
class Piece:
    """What was read of some blocks; `span` ends where it was read to, which may be before what was asked."""

    span: Span
    kinds: frozenset[str]
    rows: pl.DataFrame
    """Transfers, or UTXO entries."""
    blocks: pl.DataFrame
    """Headers that came, by block_number."""
    counts: Counter[str] = field(default_factory=Counter)
    failure: NetError | None = None
    """What stopped it, to be raised once this is stored."""
    fullness: float = 0.0
    """Of the answer that had the most rows: at 1 the piece is cut."""


def read_piece(portal: Portal, wanted: Wanted, span: Span, most_rows: int) -> Piece:
    """Read a span, up to where it holds about `most_rows` rows, or to where the service has what is wanted.

    Where the dataset has no traces or no withdrawals from the span's first block on, it is read without them;
    where that begins in the middle, the piece ends before it. An error ends the piece too, unless nothing of
    it was read: then it is raised.
    """
    counts: Counter[str] = Counter()
    gathered = Gathered(str(portal.endpoint))
    last, kinds, failure, fullness = span.last, wanted.kinds, None, 0.0
    waiting = list(wanted.queries(span.addresses))
    most = max(_FEWEST_ROWS, most_rows // len(waiting))
    while waiting and last >= span.first:
        query, reached, rows = waiting[0], span.first - 1, 0
        try:
            for tables in read_range(portal, query, span.first, last, counts):
                tables = _without_strangers(tables, span.addresses)
                gathered.add(tables)
                rows += _weight(tables)
                fullness = max(fullness, rows / most)
                newest = tables["blocks"].select(pl.col("block_number").max()).item()
                reached = max(reached, reached if newest is None else newest)
                if rows > most:
                    break
        except TableAbsent as absent:
            if reached < span.first:
                kind = "withdrawal" if absent.table == "withdrawals" else "trace"
                if kind not in kinds:
                    raise
                kinds -= {kind}
                waiting[0] = query.without(traces=kind == "trace", withdrawals=kind == "withdrawal")
                if waiting[0] == Query(query.kind, every_block=True):  # nothing is left to be asked
                    waiting.pop(0)
                continue
        except NetError as error:
            if reached < span.first:
                raise
            failure = error
        last = min(last, reached)
        waiting.pop(0)
    found = _decoded(portal, Span(span.first, last, span.addresses), kinds, gathered, counts)
    return replace(found, failure=failure, fullness=fullness)


def _decoded(
    portal: Portal,
    span: Span,
    kinds: frozenset[str],
    gathered: Gathered,
    counts: Counter[str],
) -> Piece:
    dataset, name = portal.dataset, str(portal.endpoint)
    tables = gathered.upto(span.last, counts)
    blocks = tables["blocks"]
    if span.addresses is None and blocks.height != span.blocks:
        raise Inconsistent(
            f"{name} leaves {span.blocks - blocks.height:,} of the blocks {span.first:,} to {span.last:,} of "
            f"{dataset.name} out, though all were asked for.",
            "Nothing of them was stored. Try again later.",
        )
    rows = (
        utxo.entries(dataset.chain, tables, span.addresses, name)
        if dataset.is_utxo
        else evm.transfers(dataset.chain, tables, span.addresses, counts)
    )
    return Piece(span, kinds, rows, blocks, counts)


def block_rows(chain: str, piece: Piece) -> pl.DataFrame:
    """Rows of the blocks dataset, of a piece that was read for all addresses."""
    kinds = piece.kinds
    unknown = (
        piece.rows.filter(pl.col("reason") == STATUS_UNKNOWN)["block_number"].unique()
        if "native" in kinds
        else pl.Series(dtype=pl.Int64)
    )
    return piece.blocks.select(
        pl.lit(chain).alias("chain"),
        "block_number",
        pl.from_epoch("timestamp", time_unit="s")
        .dt.replace_time_zone("UTC")
        .cast(UTC_TIME)
        .alias("block_time"),
        pl.col("hash").alias("block_hash"),
        pl.col("parentHash").alias("parent_hash"),
        has_token=pl.lit("token" in kinds),
        has_native=pl.lit("native" in kinds) & ~pl.col("block_number").is_in(unknown.implode()),
        has_trace=pl.lit("trace" in kinds),
        has_withdrawal=pl.lit("withdrawal" in kinds),
        has_utxo=pl.lit("utxo" in kinds),
    )


def timed(portal: Portal, wanted: Wanted, span: Span, most_rows: int) -> tuple[Piece, float]:
    """A piece, and the seconds that it took."""
    began = time.monotonic()
    return read_piece(portal, wanted, span, most_rows), time.monotonic() - began


def _weight(tables: Tables) -> int:
    """Rows, of which a header is a small one."""
    return sum(frame.height // (4 if name == "blocks" else 1) for name, frame in tables.items())


def _without_strangers(tables: Tables, addresses: Sequence[str] | None) -> Tables:
    """Without the withdrawals of others: there is no filter for them, and they are most of all."""
    if addresses is None or "withdrawals" not in tables:
        return tables
    known = pl.Series(addresses, dtype=pl.String)
    mine = pl.col("address").str.to_lowercase().is_in(known.implode()).fill_null(False)
    return {**tables, "withdrawals": tables["withdrawals"].filter(mine)}
