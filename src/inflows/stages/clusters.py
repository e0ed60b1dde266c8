"""Addresses that were spent together with a labelled one: who signs for all inputs owns them all.

The rule is that of common inputs (Meiklejohn et al., A Fistful of Bitcoins, 2013, heuristic 1). Change is
not guessed: the same authors warn of super-clusters. Transactions in the shape of a CoinJoin, where strangers
sign together, are left out. A cluster that would join two exchanges is reported, and joined with neither.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from inflows.contracts.names import CUSTODY_ROLES
from inflows.contracts.registry import Labels
from inflows.contracts.schema import UTC_TIME, dtypes
from inflows.stages.utxo_owners import TRANSACTION
from inflows.times import BEGINNING, END

CONFIDENCE: Final = 10
"""Of a discovered label; labels that are no surer are not extended, lest guesses feed on guesses."""
SOURCE: Final = "cospending"

EQUAL_OUTPUTS: Final = 3
"""So many outputs of one amount, and at least as many inputs, make the shape of a CoinJoin."""

CONFLICTS: Final = {
    "chain": pl.String(),
    "exchanges": pl.String(),
    "labelled": pl.String(),
    "addresses": pl.Int64(),
}


def discover_cospending(entries: pl.LazyFrame, wallets: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Labels for the addresses that were spent together with labelled ones, and the clusters in conflict.

    entries: contract UtxoEntries of one chain. wallets: contract Wallets of it; those surer than CONFIDENCE
    count, where they held when their address was spent.

    Labels: contract Labels (role empty, known_at null, valid as long as the cluster's wallets together); the
    evidence is the first transaction that spent the address with others. Conflicts: chain, exchanges and
    labelled (joined by '; '), addresses (how many the cluster has). Both are sorted. In memory are the
    addresses that were spent together with others, whatever their number of transactions.
    """
    spent = _spent_together(entries).collect(engine="streaming")
    clusters = _clusters(spent)
    known = _known(spent, wallets).join(clusters, on="address", validate="m:1")
    owners = known.group_by("cluster").agg(
        pl.col("exchange").unique().sort().alias("exchanges"),
        pl.col("address").unique().sort().alias("labelled"),
        exchange=pl.col("exchange").first(),
        has_custody=pl.col("has_custody").any(),
        valid_from=pl.col("valid_from").min(),
        valid_to=pl.col("valid_to").max(),
    )
    of_one = owners.filter(pl.col("exchanges").list.len() == 1, "has_custody")
    of_several = owners.filter(pl.col("exchanges").list.len() > 1)
    labels = (
        clusters.join(of_one, on="cluster", validate="m:1")
        .join(wallets.filter(_is_sure()), on="address", how="anti")
        .join(_evidence(spent), on="address", validate="1:1")
        .pipe(_as_labels)
    )
    return labels, _as_conflicts(of_several, clusters, spent)


def _spent_together(entries: pl.LazyFrame) -> pl.LazyFrame:
    """The addresses that a transaction spends where it spends several: TRANSACTION, block_time, address."""
    inputs = entries.filter(pl.col("side") == "in", ~pl.col("is_coinbase"))
    addresses = inputs.filter(pl.col("address") != "").select(*TRANSACTION, "block_time", "address").unique()
    several = addresses.group_by(TRANSACTION).len().filter(pl.col("len") > 1).select(TRANSACTION)
    return addresses.join(several, on=TRANSACTION, how="semi").join(
        _coinjoins(entries, inputs), on=TRANSACTION, how="anti"
    )


def _coinjoins(entries: pl.LazyFrame, inputs: pl.LazyFrame) -> pl.LazyFrame:
    """Transactions with many outputs of one amount, and an input for each who gets one."""
    alike = (
        entries.filter(pl.col("side") == "out", pl.col("amount_raw") != "0")
        .group_by(*TRANSACTION, "amount_raw")
        .agg(alike=pl.len())
        .filter(pl.col("alike") >= EQUAL_OUTPUTS)
        .group_by(TRANSACTION)
        .agg(pl.col("alike").max())
    )
    counted = inputs.group_by(TRANSACTION).agg(inputs=pl.len())
    return alike.join(counted, on=TRANSACTION).filter(pl.col("inputs") >= pl.col("alike")).select(TRANSACTION)


def _clusters(spent: pl.DataFrame) -> pl.DataFrame:
    """The cluster of each address: address, cluster (a number that means nothing outside this frame)."""
    nodes = spent.select("address").unique().sort("address").with_row_index("node")
    ends = spent.join(nodes, on="address", validate="m:1").select(
        pl.col("node"), hub=pl.col("node").min().over(TRANSACTION)
    )
    numbers = components(ends["hub"].to_numpy(), ends["node"].to_numpy(), nodes.height)
    return nodes.select("address", pl.Series("cluster", numbers))


def components(left: NDArray[np.uint32], right: NDArray[np.uint32], nodes: int) -> NDArray[np.int64]:
    """The least node that each node is connected with, over edges from left to right.

    Roots are hooked onto the least root beside them and paths are cut short, until nothing changes: the
    number of rounds grows with the logarithm of the nodes (Shiloach and Vishkin, 1982).
    """
    root = np.arange(nodes, dtype=np.int64)
    while True:
        a, b = root[left], root[right]
        if np.array_equal(a, b):
            return root
        least = np.minimum(a, b)
        np.minimum.at(root, a, least)
        np.minimum.at(root, b, least)
        while not np.array_equal(shorter := root[root], root):
            root = shorter


def _is_sure() -> pl.Expr:
    return pl.col("exchange_all").is_not_null() & (pl.col("confidence_all") > CONFIDENCE)


def _known(spent: pl.DataFrame, wallets: pl.DataFrame) -> pl.DataFrame:
    """The labels that held when their address was spent with others, each once."""
    labels = wallets.filter(_is_sure()).select(
        "address",
        "valid_from",
        "valid_to",
        exchange="exchange_all",
        has_custody=pl.col("role_all").fill_null("").is_in(CUSTODY_ROLES),
    )
    return (
        spent.select("address", "block_time")
        .unique()
        .join(labels, on="address")
        .filter(pl.col("valid_from") <= pl.col("block_time"), pl.col("block_time") < pl.col("valid_to"))
        .drop("block_time")
        .unique()
    )


def _evidence(spent: pl.DataFrame) -> pl.DataFrame:
    first = pl.col("tx_hash").sort_by("block_number", "tx_hash").first()
    return spent.group_by("address").agg(first.alias("evidence"), pl.col("chain").first())


def _as_labels(found: pl.DataFrame) -> pl.DataFrame:
    types = dtypes(Labels)
    return (
        found.with_columns(
            pl.when(pl.col("valid_from") > BEGINNING).then("valid_from").alias("valid_from"),
            pl.when(pl.col("valid_to") < END).then("valid_to").alias("valid_to"),
            role=pl.lit(""),
            confidence=pl.lit(CONFIDENCE),
            known_at=pl.lit(None, dtype=UTC_TIME),
            source=pl.lit(SOURCE),
        )
        .select(pl.col(name).cast(kind) for name, kind in types.items())
        .sort("chain", "address")
    )


def _as_conflicts(of_several: pl.DataFrame, clusters: pl.DataFrame, spent: pl.DataFrame) -> pl.DataFrame:
    sizes = clusters.group_by("cluster").agg(addresses=pl.len())
    return (
        of_several.join(sizes, on="cluster", validate="1:1")
        .with_columns(
            pl.lit(spent["chain"].first(), dtype=pl.String).alias("chain"),
            pl.col("exchanges", "labelled").list.join("; "),
        )
        .select(pl.col(name).cast(kind) for name, kind in CONFLICTS.items())
        .sort(pl.all())
    )
