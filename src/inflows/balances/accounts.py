"""What moved between two balances on account chains, by the flow type under which it was counted.

Added up are the transfers as the chain says them, each once; the flows only say what each of them counted as.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from inflows.balances.exact import digit_groups, summed

TRANSFER: Final = ["chain", "block_number", "tx_hash", "kind", "position"]
_RECEIVED: Final = {
    "inflow": "inflow",
    "inter_exchange": "inter_exchange_in",
    "mint": "mint",
    "wrap": "wrap_in",
    "internal": "uncovered_internal",
}
_SENT: Final = {
    "outflow": "outflow",
    "inter_exchange": "inter_exchange_out",
    "burn": "burn",
    "wrap": "wrap_out",
    "internal": "uncovered_internal",
}


def moved(transfers: pl.LazyFrame, flows: pl.LazyFrame, members: pl.DataFrame, level: str) -> pl.LazyFrame:
    """Sums of the transfers of members within their windows.

    transfers: contract Transfers; flows: contract Flows, of the same chain and days. One row for each group,
    part (contracts.balances.PARTS, or internal), and side (in, out; internal: in): the sums of digits
    (exact.NAMES), transfers, and approximate (how many amounts came through doubles).
    """
    keys = members["address_key"].unique().sort().implode()
    touched = transfers.filter(pl.col("from_key").is_in(keys) | pl.col("to_key").is_in(keys))
    addresses = members["address"].unique().sort().implode()
    types = flows.filter(
        pl.col("from_address").is_in(addresses) | pl.col("to_address").is_in(addresses)
    ).select(*TRANSFER, flow_type=_type_column(level))
    typed = touched.join(types, on=TRANSFER, how="left", validate="1:1")
    return (
        _legs(typed, members)
        .filter(~(pl.col("is_internal") & (pl.col("side") == "out")))  # counted where it arrives
        .with_columns(part=_part(), approximate=(~pl.col("exact")).cast(pl.Int64))
        .with_columns(digit_groups(pl.col("amount_raw")))
        .group_by("group", "part", "side")
        .agg(*summed(), pl.col("approximate").sum(), transfers=pl.len().cast(pl.Int64))
    )


def _type_column(level: str) -> str:
    """The column of the flows that has the type at a level."""
    return "flow_type" if level == "base" else f"flow_type_{level}"


def _legs(transfers: pl.LazyFrame, members: pl.DataFrame) -> pl.LazyFrame:
    """Each transfer as it is seen from its two sides: a row for every window of a member that holds it."""
    keys = members["address_key"].unique().sort().implode()
    # An address has a window for each asset and, where every step is checked, several of one asset.
    own = members.lazy().select("group", "address", "contract", *_BOUNDS)
    others = members.lazy().select("group", "address", "contract", is_internal=True)
    receives = pl.col("side") == "in"
    return (
        transfers.with_columns(side=pl.lit(["in", "out"]))
        .explode("side")
        .filter(pl.when(receives).then("to_key").otherwise("from_key").is_in(keys))
        .select(
            *("contract", "block_number", "block_time", "flow_type", "amount_raw", "exact", "side"),
            address=pl.when(receives).then("to_address").otherwise("from_address"),
            other=pl.when(receives).then("from_address").otherwise("to_address"),
        )
        .join(own, on=["address", "contract"], validate="m:m")
        .filter(within_window())
        .join(
            others,
            left_on=["group", "contract", "other"],
            right_on=["group", "contract", "address"],
            how="left",
            validate="m:1",
        )
        .with_columns(pl.col("is_internal").fill_null(False))
    )


_BOUNDS: Final = ("from_time", "from_block", "to_time", "to_block")


def within_window() -> pl.Expr:
    """Whether a row is after the opening and not after the closing balance: by block where that is known."""
    number, time = pl.col("block_number"), pl.col("block_time")
    after = pl.when(pl.col("from_block").is_null()).then(time > pl.col("from_time"))
    upto = pl.when(pl.col("to_block").is_null()).then(time <= pl.col("to_time"))
    return after.otherwise(number > pl.col("from_block")) & upto.otherwise(number <= pl.col("to_block"))


def _part() -> pl.Expr:
    """The part that a leg belongs to. A type that makes the other side an exchange's flow is none of ours."""
    flow = pl.col("flow_type")
    of_side = pl.when(pl.col("side") == "in").then(
        flow.replace_strict(_RECEIVED, default="no_flow", return_dtype=pl.String)
    )
    return (
        pl.when("is_internal")
        .then(pl.lit("internal"))
        .otherwise(of_side.otherwise(flow.replace_strict(_SENT, default="no_flow", return_dtype=pl.String)))
    )


def wrapped_silently(transfers: pl.LazyFrame, members: pl.DataFrame) -> pl.LazyFrame:
    """Native coins that members with a balance of a wrapped coin paid into its contract, and got out of it.

    WETH9 and its copies credit who pays in without a Transfer event. members: those of wrapped coins alone.
    The shape of moved: part is native_wrapped, side in where the token's balance grew.
    """
    keys = members["address_key"].unique().sort().implode()
    own = members.lazy().select("group", "address", wrapped="contract", **{b: b for b in _BOUNDS})
    native = transfers.filter(pl.col("contract") == "")
    legs = [
        native.filter(pl.col(f"{side}_key").is_in(keys))
        .join(
            own,
            left_on=[f"{side}_address", f"{other}_address"],
            right_on=["address", "wrapped"],
            validate="m:m",
        )
        .filter(within_window())
        .select("group", "amount_raw", part=pl.lit("native_wrapped"), side=pl.lit(direction))
        for side, other, direction in (("from", "to", "in"), ("to", "from", "out"))
    ]
    return (
        pl.concat(legs)
        .with_columns(digit_groups(pl.col("amount_raw")), approximate=pl.lit(0, dtype=pl.Int64))
        .group_by("group", "part", "side")
        .agg(*summed(), pl.col("approximate").sum(), transfers=pl.lit(0, dtype=pl.Int64))
    )
