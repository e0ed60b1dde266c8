"""What moved between two balances on UTXO chains: outputs less inputs, transaction by transaction.

The change is that of the members' own entries. Flows are netted by exchange, not by wallet: what a
transaction changed beyond its flows is uncovered_internal where another wallet of the exchange stands in it,
else no_flow.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from inflows.balances.accounts import within_window
from inflows.balances.exact import digit_groups, summed

_TRANSACTION: Final = ["chain", "block_number", "tx_hash"]
_RECEIVED: Final = {"inflow": "inflow", "inter_exchange": "inter_exchange_in", "mint": "mint"}
_SENT: Final = {"outflow": "outflow", "inter_exchange": "inter_exchange_out", "burn": "burn", "fee": "fee"}


def moved(
    entries: pl.LazyFrame,
    flows: pl.LazyFrame,
    members: pl.DataFrame,
    owned: pl.DataFrame,
    level: str,
) -> pl.LazyFrame:
    """Sums of the entries of members within their windows, and of the flows of their transactions.

    entries: contract UtxoEntries; flows: contract Flows. members: of windows, with their `exchange`. owned:
    address, address_key, exchange, of every wallet that an exchange had at any time.

    One row for each group, part, side (in, out) and shared (whether another wallet of the exchange stands in
    the transactions): the sums of digits, transfers, approximate. Part `entries` are the outputs (side in)
    and inputs (side out) of the members, the other parts what was counted as flows.
    """
    mine = _entries(entries, members)
    touched = _with_shared(mine, entries, members, owned)
    of_entries = mine.join(touched, on=["group", *_TRANSACTION], validate="m:1").select(
        "group",
        "shared",
        "amount_raw",
        "exact",
        part=pl.lit("entries"),
        side=pl.when(pl.col("side") == "out").then(pl.lit("in")).otherwise(pl.lit("out")),
    )
    return (
        pl.concat([of_entries, *_flows(flows, touched, level)])
        .with_columns(digit_groups(pl.col("amount_raw")), approximate=(~pl.col("exact")).cast(pl.Int64))
        .group_by("group", "part", "side", "shared")
        .agg(*summed(), pl.col("approximate").sum(), transfers=pl.len().cast(pl.Int64))
    )


def _entries(entries: pl.LazyFrame, members: pl.DataFrame) -> pl.LazyFrame:
    keys = members["address_key"].unique().sort().implode()
    own = members.lazy().filter(pl.col("contract") == "").select(pl.exclude("address_key", "contract"))
    return (
        entries.filter(pl.col("address_key").is_in(keys))
        .join(own, on="address", validate="m:m")
        .filter(within_window())
        .select("group", "exchange", *_TRANSACTION, "side", "amount_raw", "exact")
    )


def _with_shared(
    mine: pl.LazyFrame, entries: pl.LazyFrame, members: pl.DataFrame, owned: pl.DataFrame
) -> pl.LazyFrame:
    """The transactions of each group, and whether wallets of its exchange that are not in it take part."""
    touched = mine.select("group", "exchange", *_TRANSACTION).unique()
    keys = owned["address_key"].unique().sort().implode()
    others = (
        entries.filter(pl.col("address_key").is_in(keys))
        .join(owned.lazy().select("address", "exchange"), on="address", validate="m:m")
        .select(*_TRANSACTION, "address", "exchange")
        .unique()
        .join(touched, on=[*_TRANSACTION, "exchange"], validate="m:m")
        .join(members.lazy().select("group", "address"), on=["group", "address"], how="anti")
        .select("group", *_TRANSACTION)
        .unique()
        .with_columns(shared=True)
    )
    return touched.join(others, on=["group", *_TRANSACTION], how="left", validate="1:1").with_columns(
        pl.col("shared").fill_null(False)
    )


def _flows(flows: pl.LazyFrame, touched: pl.LazyFrame, level: str) -> list[pl.LazyFrame]:
    """The flows of these transactions to and from the group's exchange."""
    flow_type = pl.col("flow_type" if level == "base" else f"flow_type_{level}")
    found = flows.filter(pl.col("kind") == "utxo", flow_type.is_not_null()).select(
        *_TRANSACTION, "from_exchange", "to_exchange", "amount_raw", flow_type=flow_type
    )
    sides = (("to_exchange", "in", _RECEIVED), ("from_exchange", "out", _SENT))
    return [
        found.filter(pl.col("flow_type").is_in(list(parts)))
        .join(
            touched,
            left_on=[*_TRANSACTION, column],
            right_on=[*_TRANSACTION, "exchange"],
            validate="m:m",
        )
        .select(
            "group",
            "shared",
            "amount_raw",
            exact=pl.lit(True),
            part=pl.col("flow_type").replace_strict(parts, return_dtype=pl.String),
            side=pl.lit(side),
        )
        for column, side, parts in sides
    ]
