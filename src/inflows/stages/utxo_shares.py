"""Who paid whom in a transaction: owners that lost pay those that gained, in proportion, in whole units.

First each payer pays its part of the miner's fee. Then the payers, in the order of their names, pay what is
left of their loss to the receivers in proportion to what these still have to get. Each division is by the
method of the largest remainder (Hamilton's); equal remainders are served in the order of the owners' names.
So every payer pays just its loss, and every receiver gets just its gain, to the unit.
"""

from __future__ import annotations

import polars as pl

from inflows.stages.utxo_owners import MINER, NOTHING


def share_out(nets: pl.DataFrame) -> pl.DataFrame:
    """Movements that explain the nets: group, from_owner, to_owner, units (Int128, above 0).

    nets: group (any number), owner (Enum, in the order of the names), net (Int128; those of a group add up
    to 0, and none is beyond net_owners.LARGEST_TOTAL).
    """
    gains = nets.filter(pl.col("net") > 0).select("group", to_owner="owner", due="net")
    losses = nets.filter(pl.col("net") < 0).select("group", from_owner="owner", due=NOTHING - pl.col("net"))
    fees = (
        losses.rename({"due": "weight"})
        .join(
            gains.filter(pl.col("to_owner") == MINER).rename({"due": "amount"}),
            on="group",
            validate="m:1",
        )
        .pipe(_divide, "from_owner")
    )
    losses = _reduced(losses, fees, "from_owner")
    gains = gains.filter(pl.col("to_owner") != MINER)
    movements = [fees]
    losses = losses.sort("group", "from_owner").with_columns(turn=pl.int_range(pl.len()).over("group"))
    for turn in losses["turn"].unique().sort():
        paid = (
            gains.rename({"due": "weight"})
            .join(
                losses.filter(pl.col("turn") == turn).select("group", "from_owner", amount="due"),
                on="group",
                validate="m:1",
            )
            .pipe(_divide, "to_owner")
        )
        movements.append(paid)
        # Only the transactions with more payers go on.
        more = losses.filter(pl.col("turn") > turn).select("group").unique()
        gains = _reduced(gains.join(more, on="group", how="semi"), paid, "to_owner")
    return pl.concat(movements).filter(pl.col("units") != 0)


def _reduced(due: pl.DataFrame, paid: pl.DataFrame, owner: str) -> pl.DataFrame:
    """What is still due after what was paid; owners with nothing due are left out."""
    return (
        due.join(paid.select("group", owner, "units"), on=["group", owner], how="left", validate="1:1")
        .with_columns(due=pl.col("due") - pl.col("units").fill_null(0))
        .drop("units")
        .filter(pl.col("due") != 0)
    )


def _divide(parts: pl.DataFrame, owner: str) -> pl.DataFrame:
    """Divide `amount` of each group among its rows in proportion to `weight`, by the largest remainder."""
    product, total = pl.col("amount") * pl.col("weight"), pl.col("weight").sum().over("group")
    return (
        parts.sort("group", owner)
        .with_columns(units=product // total, remainder=product % total)
        .with_columns(
            left=pl.col("amount") - pl.col("units").sum().over("group"),
            # Ordinal ranks serve equal remainders in the order of the rows, which is that of the names.
            place=pl.col("remainder").rank("ordinal", descending=True).over("group"),
        )
        .select(
            "group",
            "from_owner",
            "to_owner",
            units=pl.col("units") + (pl.col("place") <= pl.col("left")).cast(pl.Int128),
        )
    )
