"""A chain's transfers and UTXO entries through the stages: flows, and the sums of contested addresses."""

from __future__ import annotations

import datetime as dt

import polars as pl

from inflows.build.registry_snapshot import ChainRegistries
from inflows.contracts.flows import ContestedDaily, Findings
from inflows.contracts.schema import dtypes
from inflows.stages.classify import classify_transfers
from inflows.stages.contested_flows import contested_as_owners, contested_daily
from inflows.stages.label import label_transfers, touching
from inflows.stages.pass_through import daily_parts, without_custody
from inflows.stages.price import price_transfers
from inflows.stages.utxo_netting import net_transactions
from inflows.stages.utxo_owners import whole_transactions

MANY_WALLETS = 50_000
"""From here on, looking first which wallets stand in a batch costs less than looking up all of them."""


def classified_flows(
    chain: ChainRegistries,
    quotes: pl.LazyFrame,
    transfers: pl.LazyFrame | None,
    entries: pl.LazyFrame | None,
    staleness: dt.timedelta,
) -> pl.LazyFrame:
    """The flows of transfers and UTXO entries (None: there are none), computed, as classify_transfers has it.

    quotes: contract Prices, those that can price them.
    """
    wallets = chain.wallets
    if wallets.height > MANY_WALLETS:
        wallets = _there(wallets, transfers, entries)
    return _classified(chain, wallets, quotes, transfers, entries, staleness)


def contested_sums(
    chain: ChainRegistries,
    quotes: pl.LazyFrame,
    transfers: pl.LazyFrame | None,
    entries: pl.LazyFrame | None,
    staleness: dt.timedelta,
) -> pl.DataFrame:
    """What the chain's contested addresses received and sent by day (contract ContestedDaily).

    Only what touches one of them is read, and nothing where there are none.
    """
    if chain.contested.is_empty():
        return pl.DataFrame(schema=dtypes(ContestedDaily))
    few = pl.DataFrame(schema={"address_key": pl.UInt64})
    if transfers is not None:
        touched = touching(transfers, chain.contested).collect(engine="streaming")
        few = pl.concat([few, *(touched.select(address_key=f"{side}_key") for side in ("from", "to"))])
        transfers = touched.lazy()
    if entries is not None:
        touched = whole_transactions(entries, chain.contested).collect(engine="streaming")
        few = pl.concat([few, touched.select("address_key")])
        entries = touched.lazy()
    keys = few["address_key"].unique().implode()
    there, contested = (
        wallets.filter(pl.col("address_key").is_in(keys)) for wallets in (chain.wallets, chain.contested)
    )
    wallets = contested_as_owners(there, contested)
    flows = _classified(chain, wallets, quotes, transfers, entries, staleness)
    return contested_daily(flows).collect(engine="streaming")


def passing_sums(
    chain: ChainRegistries, quotes: pl.LazyFrame, transfers: pl.LazyFrame | None, staleness: dt.timedelta
) -> pl.DataFrame:
    """What passed through exchanges' wallets without custody by day (stages.pass_through.daily_parts).

    Only what touches one of them is read, and nothing where there are none.
    """
    few = without_custody(chain.wallets)
    if transfers is None or few.is_empty():
        return pl.DataFrame(schema={"date": pl.Date(), **dtypes(Findings)})
    labelled = _in_time_order(transfers.pipe(touching, few)).pipe(label_transfers, chain.wallets)
    priced = labelled.pipe(price_transfers, chain.assets, quotes, staleness)
    return priced.pipe(daily_parts).collect(engine="in-memory")


def _classified(
    chain: ChainRegistries,
    wallets: pl.DataFrame,
    quotes: pl.LazyFrame,
    transfers: pl.LazyFrame | None,
    entries: pl.LazyFrame | None,
    staleness: dt.timedelta,
) -> pl.LazyFrame:
    typed = []
    if transfers is not None:
        typed.append(
            _in_time_order(transfers.pipe(touching, wallets))
            .pipe(label_transfers, wallets)
            .pipe(price_transfers, chain.assets, quotes, staleness)
            .pipe(classify_transfers, chain.wrapped_contracts)
            .collect(engine="in-memory")  # it is in memory already, and nothing is added up here
        )
    if entries is not None:
        typed.append(
            entries.pipe(net_transactions, wallets)
            .pipe(price_transfers, chain.assets, quotes, staleness)
            .collect(engine="streaming")
        )
    return pl.concat(typed, how="diagonal_relaxed").lazy()  # exchanges: Enum here, names there


def _in_time_order(touched: pl.LazyFrame) -> pl.LazyFrame:
    """The transfers, read now and known to be sorted by block time.

    Quotes are looked up in that order. Raw files nearly always have it, which is cheap to see here, on a
    tenth of the rows and on few columns; then Polars sorts no more.
    """
    found = touched.collect(engine="streaming")
    if not found["block_time"].is_sorted():
        found = found.sort("block_time", maintain_order=True)
    return found.lazy().set_sorted("block_time")


def _there(
    wallets: pl.DataFrame, transfers: pl.LazyFrame | None, entries: pl.LazyFrame | None
) -> pl.DataFrame:
    """The wallets that stand in transfers or entries, by key: the others cost time and change nothing."""
    sides = [] if transfers is None else [transfers.select(key=f"{side}_key") for side in ("from", "to")]
    sides += [] if entries is None else [entries.select(key="address_key")]
    keys = wallets["address_key"].unique().sort().implode()
    found = pl.concat([side.filter(pl.col("key").is_in(keys)).unique() for side in sides]).unique()
    return wallets.join(
        found.collect(engine="streaming"),
        left_on="address_key",
        right_on="key",
        how="semi",
        maintain_order="left",
    )
