"""Whether a candidate is a deposit address: what it received went to its exchange, promptly and whole.

The rule of stages.sweep_matches must hold of one payment at least (Dune's spellbook; Victor, FC 2020). Who
fits it by chance, or by living near an exchange, is refused for what a deposit address does not do; the
reasons are in the order in which they are told:

- pays_deposit_address: pays an address that an exchange gave to a customer, as customers do;
- router: a token comes and leaves in one transaction, which a deposit address cannot do;
- pays_others: more than a tenth of its payments go neither to its exchange nor back to who paid its gas;
- nothing_received: nothing came in that could be passed on;
- too_slow, partial: no payment matches; slow where only the time is wrong;
- often_partial: more payments are partial than match; who keeps more than half of all has no payments
  that are merely late, since parts of one receipt look like the whole of another;
- keeps_most: less than a tenth of what came in was passed on, in every asset that it passed on, and only one
  payment matches;
- from_exchanges: all that it passed on came straight from an exchange, so that it may be the wallet of a
  customer who carries money from one exchange to another; unless its exchange pays its gas;
- forwards_for_many: see `finalise_verdicts`.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from inflows.stages.deposit_candidates import CUSTODY, DEPOSIT, STRANGER, UTILITY
from inflows.stages.sweep_matches import Moves, match_sweeps

OTHERS_SHARE: Final = 10
"""One payment in so many may go elsewhere."""
LEAST_PASSED_ON: Final = 0.1
HALF: Final = 0.5
HABIT: Final = 2
"""So many payments that match show what an address is for, whatever else it keeps."""
MANY_SENDERS, TIMES_MEDIAN = 20, 10
EVIDENCE_SWEEPS: Final = 3
"""So many transactions are named as evidence."""

_BY_ASSET: Final = ("key", "contract")


def assess_candidates(
    moved: pl.DataFrame, of: pl.DataFrame, listed: pl.DataFrame, gathers: pl.Series
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What each candidate is by its own doings, and whom those that pass pay besides.

    moved: EVENTS of whole candidates. of: key, address, exchange of them. listed: contract Assets.
    gathers: keys of wallets that are no customers' addresses whatever their label (deposit_candidates).
    Verdicts: key, address, exchange, reason (null: passes so far), senders, evidence. Payments: key,
    other_key.
    """
    custody = (pl.col("party") == DEPOSIT) & pl.col("other_key").is_in(gathers.implode())
    party = pl.when(custody).then(pl.lit(CUSTODY)).otherwise("party")
    rows = _ordered(moved.with_columns(party=party), of, listed)
    others = _others(rows)
    by_asset = rows.group_by(_BY_ASSET).agg(
        matched=pl.col("in_time").sum(),
        received=pl.col("amount").filter(pl.col("is_receipt")).sum(),
        passed_on=pl.col("amount").filter(pl.col("is_sweep")).sum(),
    )
    shares = (
        by_asset.filter(pl.col("matched") > 0)
        .group_by("key")
        .agg(share=(pl.col("passed_on") / pl.col("received")).max())
    )
    doings = rows.group_by("key").agg(
        pl.col("is_sweep", "in_time", "late", "is_foreign", "in_one_transaction").sum(),
        pays_deposit=(pl.col("is_out") & (pl.col("party") == DEPOSIT)).any(),
        receipts=pl.col("is_receipt").sum(),
        gas_paid=pl.col("is_gas").any(),
        senders=pl.col("other_key").filter(pl.col("is_receipt")).n_unique(),
        evidence=pl.col("tx_hash").filter(pl.col("in_time")).unique(maintain_order=True)
        .head(EVIDENCE_SWEEPS).str.join("; "),
    )  # fmt: skip
    verdicts = (
        of.join(doings, on="key", how="left", validate="1:1")
        .join(shares, on="key", how="left", validate="1:1")
        .join(others.group_by("key").agg(others=pl.len()), on="key", how="left", validate="1:1")
        .with_columns(reason=_reason())
        .select("key", "address", "exchange", "reason", "senders", "evidence")
    )
    passing = verdicts.filter(pl.col("reason").is_null()).select("key")
    return verdicts, others.join(passing, on="key", how="semi").unique()


def finalise_verdicts(verdicts: pl.DataFrame, payments: pl.DataFrame) -> pl.DataFrame:
    """The verdicts once all candidates are known: who pays one that passes is a customer.

    And among the addresses of an exchange, who received from many more others than they (20 at least, and ten
    times the median) forwards for many.
    """
    passing = verdicts.filter(pl.col("reason").is_null()).select(other_key="key")
    customers = payments.join(passing, on="other_key", how="semi").select("key", _pays=pl.lit(True)).unique()
    return (
        verdicts.join(customers, on="key", how="left", validate="1:1")
        .with_columns(
            pl.when(pl.col("_pays")).then(pl.lit("pays_deposit_address")).otherwise("reason").alias("reason")
        )
        .with_columns(_many=TIMES_MEDIAN * _median_senders())
        .with_columns(
            reason=pl.when(
                pl.col("reason").is_null()
                & (pl.col("senders") > MANY_SENDERS)
                & (pl.col("senders") > pl.col("_many"))
            )
            .then(pl.lit("forwards_for_many"))
            .otherwise("reason")
        )
        .drop("_pays", "_many")
        .sort("address")
    )


def _median_senders() -> pl.Expr:
    passing = pl.when(pl.col("reason").is_null()).then("senders")
    return passing.median().over("exchange")


def _ordered(moved: pl.DataFrame, of: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """The events with what they are to their candidate, in order of candidate, asset and time."""
    native = pl.col("kind") == "native"
    allowances = listed.select(
        "contract", allowance=pl.when(native).then(10.0 ** (pl.col("decimals") - 2)).otherwise(0.0)
    )
    own = pl.col("party_exchange") == pl.col("exchange")
    out = pl.col("is_out")
    gas = ~out & (pl.col("party") == UTILITY) & own & (pl.col("contract") == "")
    rows = (
        moved.join(of.select("key", "exchange"), on="key", validate="m:1")
        .join(allowances, on="contract", validate="m:1")
        .with_columns(
            is_gas=gas.fill_null(False),
            is_sweep=(out & (pl.col("party") == CUSTODY) & own).fill_null(False),
            is_own_utility=((pl.col("party") == UTILITY) & own).fill_null(False),
        )
        .with_columns(is_receipt=~out & ~pl.col("is_gas"))
        .sort(*_BY_ASSET, "block_time", "block_number", "is_out", "position", "other_key", "amount")
    )
    is_move = rows["is_receipt"] | rows["is_out"]
    moves = rows.filter(is_move)
    found = match_sweeps(
        Moves(
            group=moves.select(pl.struct(_BY_ASSET).rle_id().cast(pl.Int64)).to_series().to_numpy(),
            seconds=moves["block_time"].dt.epoch("s").to_numpy(),
            is_out=moves["is_out"].to_numpy(),
            amount=moves["amount"].to_numpy(),
            allowance=moves["allowance"].to_numpy(),
            is_foreign=moves["party"].is_in((STRANGER, UTILITY)).to_numpy(),
        ),
        moves["is_sweep"].to_numpy(),
    )
    return moves.with_columns(
        in_time=pl.Series(found.in_time), late=pl.Series(found.late), is_foreign=pl.Series(found.is_foreign)
    ).vstack(
        rows.filter(~is_move).with_columns(
            in_time=pl.lit(False), late=pl.lit(False), is_foreign=pl.lit(False)
        )
    )


def _others(rows: pl.DataFrame) -> pl.DataFrame:
    """Payments to others (key, other_key): not to its exchange, and no gas sent back to who had sent it."""
    elsewhere = rows.filter(pl.col("is_out"), ~pl.col("is_sweep"), ~pl.col("is_own_utility"))
    funded = (
        rows.filter(~pl.col("is_out"), pl.col("contract") == "")
        .group_by("key", "other_key", "contract")
        .agg(funded=pl.col("amount").sum())
    )
    returned = pl.col("amount").sum().over("key", "other_key", "contract") <= pl.col("funded")
    return (
        elsewhere.join(funded, on=["key", "other_key", "contract"], how="left", validate="m:1")
        .filter(~returned.fill_null(False))
        .select("key", "other_key")
    )


def _reason() -> pl.Expr:
    others, swept = pl.col("others").fill_null(0), pl.col("is_sweep")
    late = pl.when(pl.col("share") >= HALF).then("late").otherwise(0)
    partial = swept - pl.col("in_time") - late
    return (
        pl.when(pl.col("pays_deposit"))
        .then(pl.lit("pays_deposit_address"))
        .when(pl.col("in_one_transaction") > 0)
        .then(pl.lit("router"))
        .when(others * OTHERS_SHARE > others + swept)
        .then(pl.lit("pays_others"))
        .when(pl.col("receipts").fill_null(0) == 0)
        .then(pl.lit("nothing_received"))
        .when((pl.col("in_time") == 0) & (pl.col("late") > 0))
        .then(pl.lit("too_slow"))
        .when(pl.col("in_time") == 0)
        .then(pl.lit("partial"))
        .when(partial > pl.col("in_time"))
        .then(pl.lit("often_partial"))
        .when((pl.col("share") < LEAST_PASSED_ON) & (pl.col("in_time") < HABIT))
        .then(pl.lit("keeps_most"))
        .when((pl.col("is_foreign") == 0) & ~pl.col("gas_paid"))
        .then(pl.lit("from_exchanges"))
    )
