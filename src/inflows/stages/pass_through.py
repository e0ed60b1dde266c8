"""Money that passes through wallets of an exchange that hold none of its customers' money, and out again.

Such wallets (a gas supplier, a deployer, a contract) are no side of an inflow or outflow, so what a customer
sends by way of one is counted nowhere. If it is much, the wallet's role is wrong. Summed by day, then put
together.
"""

from __future__ import annotations

import polars as pl

from inflows.chains import STAKING_CONTRACTS, ZERO_ADDRESSES
from inflows.contracts.flows import Findings
from inflows.contracts.names import OTHER_ROLES
from inflows.contracts.schema import USD, conform, dtypes
from inflows.stages.aggregate import believed

FINDING = "through_non_custody"
_INTO, _OUT_OF, _OUTSIDE = (f"{FINDING}.{name}" for name in ("into", "out_of", "outside"))
_ROLES = [role for role in OTHER_ROLES if role != "issuer"]
_NOBODY = [*ZERO_ADDRESSES, *(address for of in STAKING_CONTRACTS.values() for address in of)]


def without_custody(wallets: pl.DataFrame) -> pl.DataFrame:
    """The wallets (contract Wallets) that have such a role at level base at some time."""
    return wallets.filter(pl.col("role_base").is_in(_ROLES))


def daily_parts(priced: pl.LazyFrame) -> pl.LazyFrame:
    """What went into and out of each such wallet on each day, and how much of it from or to others.

    priced: what price_transfers makes. Contract Findings, and their date: three findings of a wallet and
    asset, which passed_through puts together; detail is the exchange and the address. Listed and priced
    assets alone, and neither what is minted, burnt or staked nor what a wallet sends itself.
    """
    rows = priced.pipe(believed).filter(pl.col("usd") > 0, pl.col("from_address") != pl.col("to_address"))
    sides = [_of_side(rows, *names) for names in (("to", "from", _INTO), ("from", "to", _OUT_OF))]
    moved = pl.concat(sides)
    outside = moved.filter("_is_other").with_columns(finding=pl.lit(_OUTSIDE))
    return (
        pl.concat([moved, outside])
        .group_by("date", "finding", "chain", "contract", "detail")
        .agg(transfers=pl.len().cast(pl.Int64), usd=pl.col("usd").sum())
        .select("date", *dtypes(Findings))
        .sort(pl.all())
    )


def passed_through(findings: pl.DataFrame) -> pl.DataFrame:
    """The findings (contract Findings, summed over days) with the parts of each wallet as one, or none.

    usd is what went in and out again: the smaller of the two, and no more than others took part in.
    transfers: those from and to others.
    """
    is_part = pl.col("finding").is_in([_INTO, _OUT_OF, _OUTSIDE])
    parts = findings.filter(is_part)
    key = ["chain", "contract", "detail"]
    of = {
        name: pl.col("usd").filter(pl.col("finding") == part).sum()
        for name, part in (("into", _INTO), ("out_of", _OUT_OF), ("outside", _OUTSIDE))
    }
    passed = (
        parts.group_by(key)
        .agg(**of, transfers=pl.col("transfers").filter(pl.col("finding") == _OUTSIDE).sum())
        .with_columns(finding=pl.lit(FINDING), usd=pl.min_horizontal("into", "out_of", "outside"))
        .filter(pl.col("usd") > 0)
    )
    return pl.concat([findings.filter(~is_part), passed.lazy().pipe(conform, Findings).collect()]).sort(
        "finding", *key
    )


def sentence(found: pl.DataFrame, most: int = 3) -> str:
    """What is found (contract Findings, of this kind), in one sentence: the amount, the largest by name."""
    of_wallets = (
        found.group_by("chain", "detail")
        .agg(pl.col("usd").sum())
        .sort("usd", "chain", "detail", descending=[True, False, False])
    )
    named = [f"{chain} {detail} ${usd:,.0f}" for chain, detail, usd in of_wallets.head(most).iter_rows()]
    more = of_wallets.height - most
    listed = ", ".join(named) + (f" and {more:,} more" if more > 0 else "")
    wallets = "1 wallet" if of_wallets.height == 1 else f"{of_wallets.height:,} wallets"
    return (
        f"${found['usd'].sum():,.0f} passed through {wallets} of exchanges without custody and out again, "
        f"and is in no flow: {listed} (table meta_finding)."
    )


def _of_side(rows: pl.LazyFrame, side: str, other: str, finding: str) -> pl.LazyFrame:
    exchange, role = (
        pl.col(f"{side}_exchange_base").cast(pl.String),
        pl.col(f"{side}_role_base").cast(pl.String),
    )
    return rows.filter(
        exchange.is_not_null(), role.is_in(_ROLES), ~pl.col(f"{other}_address").is_in(_NOBODY)
    ).select(
        pl.col("chain", "contract"),
        pl.lit(finding).alias("finding"),
        pl.concat_str(exchange, pl.lit(" "), pl.col(f"{side}_address")).alias("detail"),
        pl.col("usd").cast(USD),
        pl.col("block_time").dt.date().alias("date"),
        (exchange != pl.col(f"{other}_exchange_base").cast(pl.String)).fill_null(True).alias("_is_other"),
    )
