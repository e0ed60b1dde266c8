"""Who may be a deposit address: senders to exchanges, and all that the candidates among them moved.

An exchange gives each customer an address, and moves what arrives there to a wallet of its own. Two things
are taken from each partition: who paid an exchange (`senders`), and, once it is known over all partitions
who paid one exchange alone (`candidates`), what these received and sent (`events`). stages.sweeps judges.

Only listed assets and amounts above 0 are looked at: anybody can emit transfers of a token of his own in the
name of any address, and move 0 of the others.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from inflows.chains import ZERO_ADDRESSES
from inflows.contracts.names import CUSTODY_ROLES
from inflows.contracts.schema import UTC_TIME
from inflows.stages.label import label_side

CONFIDENCE: Final = 10
"""Of a discovered label; labels that are no surer are not believed here, lest guesses feed on guesses."""

CUSTODY, DEPOSIT, UTILITY, STRANGER = "custody", "deposit", "utility", "stranger"
"""Parties: an exchange's wallet, an address that it gave to a customer, its gas wallets and such; others."""

GATHERS: Final = 10

SENDERS: Final = {
    "key": pl.UInt64(),
    "address": pl.String(),
    "exchange": pl.String(),
}
EVENTS: Final = {
    "key": pl.UInt64(),  # of the candidate
    "other_key": pl.UInt64(),
    "is_out": pl.Boolean(),
    "contract": pl.String(),
    "block_time": UTC_TIME,
    "block_number": pl.Int64(),
    "position": pl.Int64(),
    "amount": pl.Float64(),  # raw units: what they decide is a heuristic, with tolerances
    "party": pl.String(),  # what the other side is
    "party_exchange": pl.String(),
    "in_one_transaction": pl.Boolean(),  # a token that came and left in the same transaction
    "tx_hash": pl.String(),  # of what is sent to exchanges; elsewhere null
}
_SYSTEM: Final = "0x" + "0" * 32
"""Addresses that begin so are precompiles and placeholders, nobody's."""


def believed_wallets(wallets: pl.DataFrame) -> pl.DataFrame:
    """The spans of wallets (contract Wallets) that belong to an exchange for surer reasons than a guess."""
    return wallets.filter(pl.col("exchange_all").is_not_null(), pl.col("confidence_all") > CONFIDENCE)


def senders(transfers: pl.LazyFrame, wallets: pl.DataFrame, listed: pl.DataFrame) -> pl.LazyFrame:
    """Who sent listed assets to wallets of exchanges that hold what customers sent: date and SENDERS.

    transfers: contract Transfers of one chain. wallets: believed_wallets of it. listed: contract Assets.
    """
    custody = wallets.filter(pl.col("role_all").fill_null("").is_in(CUSTODY_ROLES))
    keys = custody["address_key"].unique().sort().implode()
    return (
        transfers.filter(pl.col("to_key").is_in(keys), ~pl.col("from_address").is_in(ZERO_ADDRESSES))
        .pipe(_moving, listed)
        .sort("block_time", maintain_order=True)
        .pipe(label_side, custody, "to")
        .filter(pl.col("to_exchange_all").is_not_null())
        .select(
            date=pl.col("block_time").dt.date(),
            key="from_key",
            address="from_address",
            exchange="to_exchange_all",
        )
        .unique()
    )


def candidates(
    sent: pl.LazyFrame, labelled: pl.DataFrame, listed: pl.DataFrame
) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Who sent to one exchange alone (key, address, exchange); how many others (exchange, reason, addresses).

    sent: SENDERS of all partitions. labelled: address and address_key of all claims but the discovered ones.
    Reasons: known_contract, known_wallet, shared_key (two addresses have one look-up key), two_exchanges.
    """
    contracts = listed["contract"].unique().implode()
    by_sender = sent.group_by("key").agg(
        pl.col("address").min(),
        pl.col("exchange").min(),
        _last_address=pl.col("address").max(),
        _last_exchange=pl.col("exchange").max(),
    )
    known = labelled.lazy().select(key="address_key", _known="address").unique("key")
    judged = by_sender.join(known, on="key", how="left", validate="1:1").with_columns(
        reason=pl.when(pl.col("address").is_in(contracts) | pl.col("address").str.starts_with(_SYSTEM))
        .then(pl.lit("known_contract"))
        .when(pl.col("address") != pl.col("_last_address"))
        .then(pl.lit("shared_key"))
        .when(pl.col("_known").is_not_null() & (pl.col("_known") != pl.col("address")))
        .then(pl.lit("shared_key"))
        .when(pl.col("_known").is_not_null())
        .then(pl.lit("known_wallet"))
        .when(pl.col("exchange") != pl.col("_last_exchange"))
        .then(pl.lit("two_exchanges"))
    )
    refused = (
        judged.filter(pl.col("reason").is_not_null())
        .with_columns(pl.when(pl.col("exchange") == pl.col("_last_exchange")).then("exchange"))
        .group_by("exchange", "reason")
        .agg(addresses=pl.len().cast(pl.Int64))
    )
    return judged.filter(pl.col("reason").is_null()).select("key", "address", "exchange"), refused


def events(
    transfers: pl.LazyFrame, of: pl.DataFrame, wallets: pl.DataFrame, listed: pl.DataFrame
) -> pl.LazyFrame:
    """What the candidates `of` (key, address) received and sent: date and EVENTS, two where both sides are.

    transfers, wallets, listed: as in `senders`.
    """
    keys = of["key"].unique().sort().implode()
    moved = (
        transfers.filter(pl.col("from_key").is_in(keys) | pl.col("to_key").is_in(keys))
        .pipe(_moving, listed)
        .sort("block_time", maintain_order=True)
    )
    addresses = of.lazy().select("key", _candidate="address")
    came = _seen_from(moved, addresses, wallets, mine="to", other="from")
    left = _seen_from(moved, addresses, wallets, mine="from", other="to")
    through = (
        came.filter(pl.col("contract") != "")
        .select("key", "contract", "tx_hash", _through=pl.lit(True))
        .unique()
    )
    left = left.join(through, on=["key", "contract", "tx_hash"], how="left", validate="m:1").with_columns(
        in_one_transaction=pl.col("_through").fill_null(False)
    )
    to_exchange = pl.col("party").is_in((CUSTODY, DEPOSIT))
    return pl.concat(
        [
            came.with_columns(in_one_transaction=pl.lit(False), tx_hash=pl.lit(None, dtype=pl.String)),
            left.with_columns(tx_hash=pl.when(to_exchange).then("tx_hash")).drop("_through"),
        ],
        how="diagonal",
    ).select("date", *(pl.col(name).cast(kind) for name, kind in EVENTS.items()))


def gathering(moved: pl.LazyFrame) -> pl.LazyFrame:
    """Wallets labelled as deposit addresses that GATHERS candidates or more pay: other_key.

    A label may call a wallet so where an exchange gathers what was deposited; it then counts as custody.
    """
    return (
        moved.filter(pl.col("is_out"), pl.col("party") == DEPOSIT)
        .group_by("other_key")
        .agg(payers=pl.col("key").n_unique())
        .filter(pl.col("payers") >= GATHERS)
        .select("other_key")
    )


def _moving(transfers: pl.LazyFrame, listed: pl.DataFrame) -> pl.LazyFrame:
    """The transfers that move something listed from one to another."""
    return transfers.filter(
        pl.col("contract").is_in(listed["contract"].unique().implode()),
        pl.col("amount_raw") != "0",
        pl.col("from_address") != pl.col("to_address"),
    )


def _party(side: str) -> pl.Expr:
    exchange, role = pl.col(f"{side}_exchange_all"), pl.col(f"{side}_role_all").fill_null("")
    return (
        pl.when(exchange.is_null())
        .then(pl.lit(STRANGER))
        .when(role == "deposit")
        .then(pl.lit(DEPOSIT))
        .when(role.is_in(CUSTODY_ROLES))
        .then(pl.lit(CUSTODY))
        .otherwise(pl.lit(UTILITY))
    )


def _seen_from(
    moved: pl.LazyFrame, addresses: pl.LazyFrame, wallets: pl.DataFrame, *, mine: str, other: str
) -> pl.LazyFrame:
    """The transfers that have a candidate on the side `mine`, as that candidate sees them."""
    return (
        moved.join(
            addresses,
            left_on=f"{mine}_key",
            right_on="key",
            how="inner",
            validate="m:1",
            maintain_order="left",  # of block_time, which the look-up of labels needs
        )
        .filter(pl.col("_candidate") == pl.col(f"{mine}_address"))
        .pipe(label_side, wallets, other)
        .select(
            "contract",
            "block_time",
            "block_number",
            "position",
            "tx_hash",
            date=pl.col("block_time").dt.date(),
            key=f"{mine}_key",
            other_key=f"{other}_key",
            is_out=pl.lit(mine == "from"),
            amount=pl.col("amount_raw").cast(pl.Float64),
            party=_party(other),
            party_exchange=f"{other}_exchange_all",
        )
    )
