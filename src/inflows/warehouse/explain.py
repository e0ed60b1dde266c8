"""What makes up a published total: parts that add up to it, what it leaves out, its largest transactions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl

from inflows.contracts.names import COUNTED, UNATTRIBUTED
from inflows.contracts.schema import USD
from inflows.errors import UsageError
from inflows.jurisdictions import jurisdiction_code
from inflows.layout import Layout
from inflows.periods import bounds, period_named
from inflows.stages.breakdown import PARTS, cells, dollars, largest, left_out, parts
from inflows.warehouse.published_facts import PublishedFacts, published_facts
from inflows.warehouse.totals import HELD, require_selection

FLOW_TYPE: Final = {"strict": "flow_type_strict", "base": "flow_type", "all": "flow_type_all"}
"""The column of fct_flow that tells the flow type at each level."""

NOT_SUMMED: Final = ("unpriced", "unlisted", "quarantined")
"""What is left out without a known worth: it is counted, and inflow_usd is null."""

_KEY: Final = ("chain", "block_number", "tx_hash", "kind", "position")
_DETAILS: Final = ("chain", "contract", "symbol", "from_address", "to_address")
COLUMNS: Final = {
    "part": pl.String(),
    "key": pl.String(),
    "name": pl.String(),
    "inflow_usd": USD,
    "transfers": pl.Int64(),
    "share": pl.Float64(),
    "exchange": pl.String(),
    "block_time": pl.Datetime("us", "UTC"),
    **dict.fromkeys(_DETAILS, pl.String()),
    "whole_usd": USD,
    "label_confidence": pl.Int64(),
    "label_sources": pl.String(),
    **HELD,
    "simulated": pl.Boolean(),
}


def explain(
    source: Layout | Path | str,
    period: str,
    jurisdiction: str,
    basis: str = "licence",
    scope: str = "exchange",
    level: str = "base",
) -> pl.DataFrame:
    """Rows (COLUMNS) on one published total: its parts, what it leaves out, the largest transfers.

    The rows of each of the parts of stages.breakdown.PARTS add up to the total, to the last digit; transfers
    are of listed assets. A period that had not begun is a UsageError, and so is an unknown jurisdiction.
    """
    require_selection(basis, scope, level)
    period, jurisdiction = period_named(period), jurisdiction_code(jurisdiction)
    start, _ = bounds(period)
    chosen = {"jurisdiction": jurisdiction, "basis": basis, "scope": scope}
    with published_facts(source) as facts:
        if dt.datetime.combine(start, dt.time(), dt.UTC) >= facts.as_of:
            raise UsageError(
                f"{period} had not begun at {facts.as_of:%Y-%m-%dT%H:%M:%SZ}, up to when this vintage knows.",
                "Choose an earlier period.",
            )
        daily = facts.daily([level], period).cache()
        places = facts.table("dim_jurisdiction").lazy()
        pieces = cells(daily, places, chosen).collect(engine="streaming")
        if pieces.is_empty():
            _refuse_unknown(facts, jurisdiction)
        total = dollars(pieces["inflow_usd"])
        whole = {"part": "total", "key": period, "name": jurisdiction, "inflow_usd": total}
        rows = pl.concat(
            [
                pl.DataFrame(
                    [whole | {"transfers": pieces["inflow_transfers"].sum()}], schema_overrides=COLUMNS
                ),
                parts(pieces, total),
                _left_out(facts, daily, places, pieces, period, chosen, level),
                _transactions(facts, places, period, chosen, level),
            ],
            how="diagonal_relaxed",
        )
        held = facts.coverage_of([period]).collect().row(0, named=True)
        return _finished(rows, total, held, simulated=facts.simulated)


def identity(rows: pl.DataFrame) -> str:
    """The sentence that all parts add up to the total, checked on the rows themselves."""
    total = rows.filter(part="total")["inflow_usd"].item()
    sums = {part: dollars(rows.filter(part=part)["inflow_usd"]) for part in PARTS}
    wrong = [f"{part} {value:,.6f}" for part, value in sums.items() if value != total]
    if wrong:
        return f"NOT equal to the total of {total:,.6f}: {', '.join(wrong)}."
    return f"Each of the parts adds up to the total: US$ {total:,.6f}."


def _finished(
    rows: pl.DataFrame, total: Decimal, held: Mapping[str, Any], *, simulated: bool
) -> pl.DataFrame:
    share = pl.when(pl.lit(total > 0)).then(pl.col("inflow_usd").cast(pl.Float64) / float(total or 1))
    counts = pl.col("part") != "left_out"
    filled = rows.with_columns(
        pl.when(counts).then(share).alias("share"),
        *(pl.lit(held[name]).alias(name) for name in HELD),
        simulated=pl.lit(simulated),
    )
    missing = [pl.lit(None).alias(name) for name in COLUMNS if name not in filled.columns]
    return filled.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in COLUMNS.items())


def _left_out(
    facts: PublishedFacts,
    daily: pl.LazyFrame,
    places: pl.LazyFrame,
    pieces: pl.DataFrame,
    period: str,
    chosen: Mapping[str, str],
    level: str,
) -> pl.DataFrame:
    """What is not in the total: of the jurisdiction's exchanges with its worth, of the period in numbers."""
    where, basis = chosen["jurisdiction"], chosen["basis"]
    uncounted = daily.filter(~pl.col("flow_type").is_in(COUNTED)).pipe(left_out, places, where, basis)
    found = {row["key"]: row for row in uncounted.collect(engine="streaming").rows(named=True)}
    rows = [_row(key, found.get(key)) for key in ("internal", "mint", "wrap")]
    rows += [_row(key, row) for key, row in found.items() if key not in ("internal", "mint", "wrap")]
    if chosen["scope"] != "exchange":
        received = cells(daily, places, {**chosen, "scope": "exchange"}).collect(engine="streaming")
        rows.append(
            {
                "key": "inter_exchange",
                "inflow_usd": dollars(received["inflow_usd"]) - dollars(pieces["inflow_usd"]),
                "transfers": int(received["inflow_transfers"].sum()) - int(pieces["inflow_transfers"].sum()),
            }
        )
    if level != "all":
        beyond = facts.counts_at_level_all_alone(period, FLOW_TYPE[level], "level_all_alone")
        alone = left_out(beyond, places, where, basis).collect(engine="streaming").rows(named=True)
        rows.append(_row("level_all_alone", alone[0] if alone else None))
    worth, number = facts.contested(period, level) or (None, None)
    rows.append({"key": "contested", "inflow_usd": worth, "transfers": number})
    listed, priced = (int(pieces[name].sum()) for name in ("inflow_transfers", "priced_transfers"))
    counts = {
        "unpriced": listed - priced,
        "unlisted": pieces["unlisted_inflow_transfers"].sum(),
        "quarantined": facts.quarantined(period),
    }
    rows += [{"key": key, "inflow_usd": None, "transfers": counts[key]} for key in NOT_SUMMED]
    names = pl.col("key").replace_strict(LEFT_OUT_IN_WORDS, default=None, return_dtype=pl.String)
    made = pl.DataFrame(
        rows, schema={"key": pl.String, "inflow_usd": pl.Decimal(38, 24), "transfers": pl.Int64}
    )
    return made.select(
        pl.lit("left_out").alias("part"),
        "key",
        names.alias("name"),
        pl.col("inflow_usd").cast(USD),
        "transfers",
    )


LEFT_OUT_IN_WORDS: Final = {
    "internal": "between wallets of one exchange",
    "mint": "made or issued to an exchange",
    "wrap": "wrapped or unwrapped",
    "inter_exchange": "between exchanges, left out by the scope",
    "level_all_alone": "counts at level all alone",
    "unpriced": "listed, and without a price (transfers)",
    "unlisted": "of assets that are not listed (transfers)",
    "contested": "received by wallets whose owner is contested, everywhere",
    "quarantined": "rows in quarantine, everywhere",
}


def _row(key: str, found: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "key": key,
        "inflow_usd": found["inflow_usd"] if found else Decimal(0),
        "transfers": found["transfers"] if found else 0,
    }


def _transactions(
    facts: PublishedFacts, places: pl.LazyFrame, period: str, chosen: Mapping[str, str], level: str
) -> pl.DataFrame:
    """The largest transfers in the total, with the labels that made them count."""
    columns = {name: name for name in (*_KEY, "from_exchange", "to_exchange", "usd", "block_time")}
    columns |= {name: name for name in _DETAILS} | {"label_confidence": "to_confidence"}
    flows = facts.flows(period, columns | {"flow_type": FLOW_TYPE[level]})
    kept = [*_KEY, *(name for name in (*_DETAILS, "block_time", "label_confidence") if name not in _KEY)]
    found = largest(flows.with_columns(level=pl.lit(level)), places, chosen, kept).collect(engine="streaming")
    wallets = facts.wallets(found["to_address"].unique().sort().to_list()).select(
        "chain", "address", "valid_from", "valid_to", "sources"
    )
    labels = (
        found.join(wallets, left_on=["chain", "to_address"], right_on=["chain", "address"])
        .filter(
            pl.col("valid_from").is_null() | (pl.col("block_time") >= pl.col("valid_from")),
            pl.col("valid_to").is_null() | (pl.col("block_time") < pl.col("valid_to")),
        )
        .select(*_KEY, "sources")
    )
    return (
        found.join(labels, on=list(_KEY), how="left", validate="1:1")
        .sort(["usd", *_KEY], descending=[True, *(False for _ in _KEY)])
        .select(
            pl.lit("transaction").alias("part"),
            pl.col("tx_hash").alias("key"),
            pl.col("symbol").alias("name"),
            pl.col("usd").alias("inflow_usd"),
            pl.lit(1).cast(pl.Int64).alias("transfers"),
            "exchange",
            pl.col("block_time").dt.replace_time_zone("UTC"),
            *_DETAILS,
            "whole_usd",
            "label_confidence",
            pl.col("sources").alias("label_sources"),
        )
    )


def _refuse_unknown(facts: PublishedFacts, where: str) -> None:
    """A jurisdiction that no exchange counts in is a mistake; one that received nothing has a total of 0."""
    known = facts.table("dim_jurisdiction")["jurisdiction"].unique().sort().to_list()
    if where not in (*known, UNATTRIBUTED):
        raise UsageError(
            f"There are no totals for jurisdiction '{where}'.",
            f"Choose one of: {', '.join([*known, UNATTRIBUTED])}.",
        )
