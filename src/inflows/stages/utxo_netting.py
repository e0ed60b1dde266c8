"""UTXO transactions as movements between owners: netted, typed, one table with the account chains from here.

What an exchange spends and gets back as change in one transaction is no flow: its part is its outputs less
its inputs (Coin Metrics nets so). Owners that lost pay those that gained. Each level of label confidence has
its own owners, so each is netted by itself; a movement that is the same at several levels is one row.
"""

from __future__ import annotations

import polars as pl

from inflows.contracts.flows import Findings
from inflows.contracts.names import LEVELS
from inflows.contracts.schema import FLOW_TYPE, USD, UTC_TIME, dtypes
from inflows.stages.utxo_owners import (
    COINBASE,
    ISSUER,
    MINER,
    NO_EXCHANGES,
    TRANSACTION,
    UNLABELLED,
    balances,
    standings,
    too_large,
    touched_transactions,
)
from inflows.stages.utxo_shares import share_out

_IDENTITY = ("tx", "from_owner", "to_owner", "units")
_SIDES = ("from", "to")
_NETTED = {
    "chain": pl.String(),
    "block_number": pl.Int64(),
    "block_time": UTC_TIME,
    "tx_hash": pl.String(),
    "kind": pl.String(),
    "position": pl.Int64(),
    "contract": pl.String(),
    "from_address": pl.String(),
    "to_address": pl.String(),
    "amount_raw": pl.String(),
    **{f"{side}_exchange_{level}": pl.String() for level in LEVELS for side in _SIDES},
    **{f"{side}_confidence_all": pl.Int64() for side in _SIDES},
    **{f"flow_type_{level}": FLOW_TYPE for level in LEVELS},
}


def net_transactions(entries: pl.LazyFrame, wallets: pl.DataFrame) -> pl.LazyFrame:
    """Movements of coins to, from and between exchanges, in the shape that price_transfers takes.

    entries: contract UtxoEntries, whole transactions only. wallets: contract Wallets, of the same chain.

    One row a movement and transaction: kind is `utxo`, contract empty, position counts the transaction's
    movements from 0 by owners and amount. from_address and to_address are empty where an owner has several.
    from_exchange_L, to_exchange_L and flow_type_L for each level L; flow_type_L is null where the movement
    does not exist at L (the exchanges are the movement's owners at any level). Sorted by block_time.
    Transactions of too_large_transactions are left out.
    """
    believed = standings(wallets)
    return touched_transactions(entries, wallets).map_batches(
        lambda touched: _netted(touched, believed), schema=_NETTED
    )


def too_large_transactions(entries: pl.LazyFrame, wallets: pl.DataFrame) -> pl.LazyFrame:
    """The transactions left out because no exact sum holds them: contract Findings, and their date."""
    return (
        touched_transactions(entries, wallets)
        .pipe(too_large, (*TRANSACTION, "block_time"))
        .with_columns(
            date=pl.col("block_time").dt.date(),
            finding=pl.lit("beyond_exact_range"),
            contract=pl.lit(""),
            detail="tx_hash",
            transfers=pl.lit(1, dtype=pl.Int64),
            usd=pl.lit(None, dtype=USD),
        )
        .select("date", *dtypes(Findings))
        .sort(pl.all())
    )


def _netted(touched: pl.DataFrame, believed: pl.DataFrame) -> pl.DataFrame:
    """The movements of whole transactions, in memory: only those that touch an exchange get here."""
    transactions = (
        touched.select(*TRANSACTION, "block_time")
        .unique(TRANSACTION)
        .join(too_large(touched.lazy()).collect(), on=TRANSACTION, how="anti")
        .sort("block_time", *TRANSACTION)
        .with_row_index("tx")
    )
    entries = touched.join(transactions.drop("block_time"), on=TRANSACTION, validate="m:1")
    nets = balances(entries, believed).with_columns(
        group=pl.col("tx").cast(pl.UInt64) * len(LEVELS) + pl.col("level")
    )
    movements = share_out(nets.filter(pl.col("net") != 0).select("group", "owner", "net"))
    return (
        movements.filter(_is_flow())
        .pipe(_with_sides, nets)
        .pipe(_one_row_for_all_levels)
        .join(transactions, on="tx", validate="m:1")
        .pipe(_as_transfers)
    )


def _is_flow() -> pl.Expr:
    """Whether an exchange takes part; the fee is of interest only for who pays it."""
    payer, receiver = (~pl.col(owner).is_in(NO_EXCHANGES) for owner in ("from_owner", "to_owner"))
    return payer | receiver


def _with_sides(movements: pl.DataFrame, nets: pl.DataFrame) -> pl.DataFrame:
    payers = nets.select(
        "group",
        "tx",
        "level",
        from_owner="owner",
        from_address="paid_from",
        from_confidence_all="paid_from_confidence",
    )
    receivers = nets.select(
        "group", to_owner="owner", to_address="paid_to", to_confidence_all="paid_to_confidence"
    )
    return movements.join(payers, on=["group", "from_owner"], validate="m:1").join(
        receivers, on=["group", "to_owner"], validate="m:1"
    )


def _one_row_for_all_levels(movements: pl.DataFrame) -> pl.DataFrame:
    """One row for owners and amount; its addresses are those at the widest level where it exists."""
    return (
        movements.sort("level", descending=True)
        .group_by(_IDENTITY, maintain_order=True)
        .agg(
            *(pl.col(f"{side}_{what}").first() for side in _SIDES for what in ("address", "confidence_all")),
            *((pl.col("level") == place).any().alias(f"at_{level}") for place, level in enumerate(LEVELS)),
        )
    )


def _as_transfers(movements: pl.DataFrame) -> pl.DataFrame:
    owners = {side: pl.col(f"{side}_owner") for side in _SIDES}
    exchange = {side: pl.when(~owner.is_in(NO_EXCHANGES)).then(owner) for side, owner in owners.items()}
    return (
        movements.sort(_IDENTITY)
        .with_columns(
            kind=pl.lit("utxo"),
            contract=pl.lit(""),
            position=pl.int_range(pl.len(), dtype=pl.Int64).over("tx"),
            amount_raw=pl.col("units").cast(pl.String),
            **{f"{side}_exchange_{level}": exchange[side] for level in LEVELS for side in _SIDES},
            **{f"flow_type_{level}": pl.when(f"at_{level}").then(_flow_type()) for level in LEVELS},
        )
        .select(pl.col(name).cast(kind) for name, kind in _NETTED.items())
    )


def _flow_type() -> pl.Expr:
    """The type that the owners make; nothing is internal here, since an exchange is one owner."""
    payer, receiver = pl.col("from_owner"), pl.col("to_owner")
    return (
        pl.when(receiver == MINER)
        .then(pl.lit("fee"))
        .when(payer.is_in((COINBASE, ISSUER)))
        .then(pl.lit("mint"))
        .when(receiver == ISSUER)
        .then(pl.lit("burn"))
        .when(payer == UNLABELLED)
        .then(pl.lit("inflow"))
        .when(receiver == UNLABELLED)
        .then(pl.lit("outflow"))
        .otherwise(pl.lit("inter_exchange"))
    )
