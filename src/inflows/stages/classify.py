"""What kind of flow a transfer is, at each level; the order of the decisions is the rule.

internal, mint or burn, wrap, inter_exchange, inflow or outflow; null where no side counts, and for a transfer
of nothing. What goes to a chain's own staking contract is burnt, as what comes back from it is minted. Sides
that hold no customers' money (gas, deployer, issuer, …) make a transfer internal when the other side is the
same exchange; otherwise they count as unlabelled.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from inflows.chains import STAKING_CONTRACTS, ZERO_ADDRESSES
from inflows.contracts.names import CUSTODY_ROLES, LEVELS
from inflows.contracts.schema import FLOW_TYPE

_SIDES = ("from", "to")


def classify_transfers(priced: pl.LazyFrame, wrapped_contracts: Sequence[str]) -> pl.LazyFrame:
    """Add flow_type_L, from_exchange_L, to_exchange_L for each level L; keep what is a flow at any of them.

    priced: what price_transfers makes. wrapped_contracts: the chain's wrapped-native tokens. The exchanges
    become those that count: on a flow that is not internal, a side without custody has none. The flow types
    are an Enum, as the exchanges are: they are compared and grouped by. Roles, keys and the asset's kind are
    dropped, as nothing further on needs them.
    """
    typed = priced.with_columns(
        _flow_type(level, wrapped_contracts).alias(f"flow_type_{level}") for level in LEVELS
    )
    return (
        typed.with_columns(
            pl.when(_counts(side, level))
            .then(pl.col(f"{side}_exchange_{level}"))
            .alias(f"{side}_exchange_{level}")
            for level in LEVELS
            for side in _SIDES
        )
        .drop(
            *(f"{side}_role_{level}" for level in LEVELS for side in _SIDES),
            *(f"{side}_key" for side in _SIDES),
            "asset_kind",
            strict=False,
        )
        .filter(pl.any_horizontal(pl.col(f"flow_type_{level}").is_not_null() for level in LEVELS))
    )


def _custody(side: str, level: str) -> pl.Expr:
    exchange, role = pl.col(f"{side}_exchange_{level}"), pl.col(f"{side}_role_{level}")
    return exchange.is_not_null() & role.is_in(CUSTODY_ROLES)


def _counts(side: str, level: str) -> pl.Expr:
    flow = pl.col(f"flow_type_{level}")
    return flow.is_not_null() & ((flow == "internal") | _custody(side, level))


def _issues(side: str, level: str) -> pl.Expr:
    """Whether a side makes or takes back coins: the zero address, a staking contract, an issuer's wallet."""
    address = pl.col(f"{side}_address")
    issuer = (pl.col(f"{side}_role_{level}") == "issuer").fill_null(False)
    stakes = pl.any_horizontal(
        (pl.col("chain") == chain) & address.is_in(contracts)
        for chain, contracts in STAKING_CONTRACTS.items()
    )
    return address.is_in(ZERO_ADDRESSES) | stakes | issuer


def _flow_type(level: str, wrapped_contracts: Sequence[str]) -> pl.Expr:
    sender, receiver = _custody("from", level), _custody("to", level)
    same = pl.col(f"from_exchange_{level}") == pl.col(f"to_exchange_{level}")
    wraps = pl.col("asset_kind").is_in(("native", "wrapped_native")) & (
        (receiver & pl.col("from_address").is_in(wrapped_contracts))
        | (sender & pl.col("to_address").is_in(wrapped_contracts))
    )
    return (
        pl.when(pl.col("amount_raw") == "0")
        .then(None)
        .when(same)
        .then(pl.lit("internal", dtype=FLOW_TYPE))
        .when(receiver & _issues("from", level))
        .then(pl.lit("mint", dtype=FLOW_TYPE))
        .when(sender & _issues("to", level))
        .then(pl.lit("burn", dtype=FLOW_TYPE))
        .when(wraps)
        .then(pl.lit("wrap", dtype=FLOW_TYPE))
        .when(sender & receiver)
        .then(pl.lit("inter_exchange", dtype=FLOW_TYPE))
        .when(receiver)
        .then(pl.lit("inflow", dtype=FLOW_TYPE))
        .when(sender)
        .then(pl.lit("outflow", dtype=FLOW_TYPE))
    )
