"""Who owns each input and output of a UTXO transaction at each level, and what each owner gained or lost.

An owner is an exchange, or one of the names below. Exchanges are slugs, so none can have such a name.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from inflows.contracts.names import CUSTODY_ROLES, LEVELS

UNLABELLED: Final = ""
"""All addresses of a transaction that belong to no exchange, and outputs without an address: one owner."""
ISSUER: Final = "+issuer"
"""Wallets with the role issuer: what they pay an exchange is minted, what they receive from it is burnt."""
COINBASE: Final = "+coinbase"
"""The payer of a coinbase transaction."""
MINER: Final = "+miner"
"""The receiver of the fee."""
NO_EXCHANGES: Final = (UNLABELLED, COINBASE, ISSUER, MINER)

TRANSACTION: Final = ("chain", "block_number", "tx_hash")
"""The key of a transaction; two coinbase ids occur in two blocks each, so the block is part of it."""

LARGEST_TOTAL: Final = 13_000_000_000_000_000_000
"""Products of two amounts up to this fit 128 bits with their sign; all coins of Bitcoin are 2.1e15 units."""
NOTHING: Final = pl.lit(0, dtype=pl.Int128)
"""Amounts are subtracted from it: 128-bit integers have no negation in Polars."""

_SAFE_DIGITS: Final = 19
_BELIEFS: Final = tuple(f"{what}_{level}" for level in LEVELS for what in ("exchange", "role"))
_SIDES: Final = ("paid_from", "paid_to")


def standings(wallets: pl.DataFrame) -> pl.DataFrame:
    """The different beliefs about wallets, numbered from 1: standing, and exchange_L and role_L by level.

    Many wallets share one, so entries carry its number alone. Standing 0 is that of an unlabelled address.
    """
    return wallets.select(_BELIEFS).unique().sort(_BELIEFS).with_row_index("standing", offset=1)


def touched_transactions(entries: pl.LazyFrame, wallets: pl.DataFrame) -> pl.LazyFrame:
    """All entries of the transactions in which a labelled address stands, with its standing.

    entries: contract UtxoEntries. wallets: contract Wallets, of the same chain. Adds standing and
    confidence_all, null where no label held at the block's time. Found by 64-bit key, verified on the
    address. One row of a touched transaction in, one row out.
    """
    keys = wallets["address_key"].unique().sort().implode()
    spans = wallets.join(standings(wallets), on=_BELIEFS, nulls_equal=True, validate="m:1").select(
        "address", "valid_from", "valid_to", "standing", "confidence_all"
    )
    candidates = entries.filter(pl.col("address_key").is_in(keys))
    held = (
        candidates.select("address", "block_time")
        .unique()
        .join(
            spans.lazy(), on="address"
        )  # spans of one address are disjoint: at most one holds at an instant
        .filter(pl.col("valid_from") <= pl.col("block_time"), pl.col("block_time") < pl.col("valid_to"))
        .drop("valid_from", "valid_to")
    )
    touched = candidates.join(held, on=["address", "block_time"], how="semi").select(TRANSACTION).unique()
    return entries.join(touched, on=TRANSACTION, how="semi").join(
        held, on=["address", "block_time"], how="left", validate="m:1"
    )


def whole_transactions(entries: pl.LazyFrame, wallets: pl.DataFrame) -> pl.LazyFrame:
    """All entries of the transactions in which one of the wallets may stand (by 64-bit key)."""
    keys = wallets["address_key"].unique().sort().implode()
    touched = entries.filter(pl.col("address_key").is_in(keys)).select(TRANSACTION).unique()
    return entries.join(touched, on=TRANSACTION, how="semi")


def too_large(entries: pl.LazyFrame, transaction: tuple[str, ...] = TRANSACTION) -> pl.LazyFrame:
    """Keys of the transactions whose amounts are beyond exact arithmetic in 128 bits.

    No chain has that many coins; own files may say so all the same.
    """
    # Inputs and outputs together, in doubles: that is twice what moves, so their rounding does no harm.
    size = pl.col("amount_raw").cast(pl.Float64).sum()
    digits = pl.col("amount_raw").str.len_bytes().max()
    return (
        entries.group_by(transaction)
        .agg(too_large=(size > LARGEST_TOTAL) | (digits > _SAFE_DIGITS))
        .filter("too_large")
        .drop("too_large")
    )


def balances(entries: pl.DataFrame, believed: pl.DataFrame) -> pl.DataFrame:
    """What each owner gained or lost in each transaction at each level: outputs less inputs.

    entries: of touched transactions, which `tx` numbers. believed: what standings gives.

    One row a transaction, level and owner: tx, level (its place in LEVELS), owner (Enum, in the order of the
    names), net (Int128, base units), paid_from and paid_to (the owner's one address among the inputs or the
    outputs; empty where there are several or none), paid_from_confidence, paid_to_confidence (the lowest of
    its addresses' there). The miner, or the payer of a coinbase transaction, closes the balance: the nets of
    a transaction and level add up to 0. Levels at which no exchange takes part are left out.
    """
    by_standing = _add_up(
        entries.lazy().select("tx", pl.col("standing").fill_null(0), **_per_entry()), ["tx", "standing"]
    )
    parties = by_standing.join(_parties(believed).lazy(), on="standing")
    custodians = (
        parties.filter("is_custodian")
        .select("tx", "level", wanted="owner")
        .unique()
        .with_columns(present=True)
    )
    owners = (
        parties.join(custodians, on=["tx", "level", "wanted"], how="left", validate="m:1")
        .with_columns(owner=pl.when("present").then("wanted").otherwise("owner"))
        .pipe(_add_up, ["tx", "level", "owner"])
        .join(custodians, on=["tx", "level"], how="semi")
    )
    of_one = [
        pl.when(pl.col(f"{side}_first") == pl.col(f"{side}_last"))
        .then(f"{side}_first")
        .otherwise(pl.lit(""))
        .alias(side)
        for side in _SIDES
    ]
    confidences = [f"{side}_confidence" for side in _SIDES]
    found = owners.select("tx", "level", "owner", "net", *of_one, *confidences).collect()
    return pl.concat([found, _closing(found)])


def _parties(believed: pl.DataFrame) -> pl.DataFrame:
    """By standing and level: the owner, and the exchange `wanted` that owns it where that takes part itself.

    A wallet without custody (gas, staking, …) is its exchange's in a transaction with a custody wallet of the
    same exchange; otherwise it counts as unlabelled, or as an issuer.
    """
    exchanges = {name for level in LEVELS for name in believed[f"exchange_{level}"].drop_nulls()}
    owner_type = pl.Enum(sorted({*NO_EXCHANGES, *exchanges}))
    unlabelled = pl.DataFrame({"standing": [0]}, schema={"standing": believed.schema["standing"]})
    known = pl.concat([unlabelled, believed], how="diagonal")
    parties = []
    for place, level in enumerate(LEVELS):
        exchange, role = pl.col(f"exchange_{level}"), pl.col(f"role_{level}")
        custody = (exchange.is_not_null() & role.is_in(CUSTODY_ROLES)).fill_null(False)
        other = pl.when(role == "issuer").then(pl.lit(ISSUER)).otherwise(pl.lit(UNLABELLED))
        parties.append(
            known.select(
                "standing",
                level=pl.lit(place, dtype=pl.UInt8),
                owner=pl.when(custody).then(exchange).otherwise(other).cast(owner_type),
                wanted=pl.when(~custody).then(exchange).cast(owner_type),
                is_custodian=custody,
            )
        )
    return pl.concat(parties)


def _per_entry() -> dict[str, pl.Expr]:
    """An entry as a balance of one; what holds no coins names no address."""
    amount = pl.col("amount_raw").cast(pl.Int128)
    spent, moved = pl.col("side") == "in", pl.col("amount_raw") != "0"
    here = dict(zip(_SIDES, (spent & moved, ~spent & moved), strict=True))
    return {
        "net": pl.when(spent).then(NOTHING - amount).otherwise(amount),
        **{
            f"{side}_{end}": pl.when(here[side]).then("address")
            for side in _SIDES
            for end in ("first", "last")
        },
        **{f"{side}_confidence": pl.when(here[side]).then("confidence_all") for side in _SIDES},
    }


def _add_up(frame: pl.LazyFrame, keys: list[str]) -> pl.LazyFrame:
    """Balances by keys. The first and the last address tell whether there are several."""
    return frame.group_by(keys).agg(
        pl.col("net").sum(),
        *(pl.col(f"{side}_first").min() for side in _SIDES),
        *(pl.col(f"{side}_last").max() for side in _SIDES),
        *(pl.col(f"{side}_confidence").min() for side in _SIDES),
    )


def _closing(owners: pl.DataFrame) -> pl.DataFrame:
    """The rows of the miner and of the coinbase: what is missing to a balance of 0."""
    missing = owners.group_by("tx", "level").agg(net=NOTHING - pl.col("net").sum()).filter(pl.col("net") != 0)
    return missing.select(
        "tx",
        "level",
        pl.when(pl.col("net") > 0)
        .then(pl.lit(MINER))
        .otherwise(pl.lit(COINBASE))
        .cast(owners.schema["owner"])
        .alias("owner"),
        "net",
        *(pl.lit("").alias(side) for side in _SIDES),
        *(pl.lit(None, dtype=pl.Int64).alias(f"{side}_confidence") for side in _SIDES),
    )
