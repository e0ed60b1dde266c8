"""What a publication is made of, and the rows of its small tables."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from inflows.contracts import columns as c
from inflows.contracts.flows import Contested, ContestedDaily, Findings, Totals, Wallets
from inflows.contracts.licences import Licences, References
from inflows.contracts.names import BASES, FLOW_TYPES, LEVELS, RECEIVED, SCOPES, SENT
from inflows.contracts.registry import Assets, Jurisdictions
from inflows.contracts.schema import conform, dtypes
from inflows.stages.licence_weights import with_days, with_standing
from inflows.times import BEGINNING, END
from inflows.warehouse.kept_inputs import Kept
from inflows.warehouse.vintages import Vintage


class Coverage(c.Schema):
    """What has been read of each chain and day. Key: chain, date, dataset."""

    chain = c.string()
    date = c.date(nullable=True)
    dataset = c.string()
    rows = c.int64()
    first_block = c.int64(nullable=True)
    last_block = c.int64(nullable=True)
    blocks = c.int64(nullable=True)
    has_token = c.boolean(nullable=True)
    has_native = c.boolean(nullable=True)
    has_trace = c.boolean(nullable=True)
    has_withdrawal = c.boolean(nullable=True)
    has_utxo = c.boolean(nullable=True)
    only_labelled = c.boolean(nullable=True)
    quarantined = c.int64(nullable=True)
    claimed_by = c.string(nullable=True)  # sources that say that they hold the day, joined by '; '
    coverage = c.string(nullable=True)  # proven, claimed, missing; null: the day is not known
    read_again = c.boolean(nullable=True)  # missing only because labels were added since it was read


@dataclass(frozen=True)
class WarehouseInputs:
    """Everything that is published: Parquet files of the facts, and frames by their contracts."""

    flows: list[Path]  # contract Flows, one file a partition
    daily: list[Path]  # contract DailyFacts
    totals: pl.DataFrame
    wallets: pl.DataFrame
    assets: pl.DataFrame
    jurisdictions: pl.DataFrame
    findings: pl.DataFrame
    coverage: pl.DataFrame  # of raw.coverage, by stages.period_coverage.classified_days
    licences: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=dtypes(Licences)))
    references: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=dtypes(References)))
    contested: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=dtypes(Contested)))
    contested_daily: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=dtypes(ContestedDaily)))
    kept: Kept | None = None  # what all of it was computed from; None: not to be kept


def prepare_frames(inputs: WarehouseInputs, vintage: Vintage) -> dict[str, pl.DataFrame]:
    """The rows of each small table: contract columns, sorted, times naive in UTC, no sentinels for ever."""
    frames = {
        "agg_contested_daily": inputs.contested_daily.lazy().pipe(conform, ContestedDaily).collect(),
        "agg_jurisdiction_half_year": inputs.totals.lazy().pipe(conform, Totals).collect(),
        "dim_asset": inputs.assets.lazy().pipe(conform, Assets).collect(),
        "dim_contested": conform(inputs.contested.lazy(), Contested).with_columns(*_open_ends()).collect(),
        "dim_jurisdiction": inputs.jurisdictions.lazy().pipe(conform, Jurisdictions).collect(),
        "dim_name": closed_names(),
        "dim_wallet": _wallets(inputs.wallets),
        "meta_finding": inputs.findings.lazy().pipe(conform, Findings).collect(),
        "meta_vintage": _vintage_row(vintage),
        "rpt_coverage": inputs.coverage.lazy().pipe(conform, Coverage).collect(),
    }
    return _in_order(frames) | prepare_facts(inputs.licences, inputs.references)


def prepare_facts(licences: pl.DataFrame, references: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The rows of dim_licence and dim_reference, which no total depends on."""
    return _in_order(
        {
            "dim_licence": licences.lazy().pipe(conform, Licences).pipe(with_standing).collect(),
            "dim_reference": references.lazy().pipe(conform, References).pipe(with_days).collect(),
        }
    )


def closed_names() -> pl.DataFrame:
    """The rows of dim_name: the closed sets of contracts.names, so that views and checks list none."""
    sets = {"basis": BASES, "flow_type": FLOW_TYPES, "level": tuple(LEVELS), "scope": SCOPES}
    rows = pl.DataFrame(
        [(what, name) for what, names in sets.items() for name in names],
        schema={"set_name": pl.String, "name": pl.String},
        orient="row",
    )
    of_flows = pl.when(pl.col("set_name") == "flow_type")
    return rows.with_columns(
        is_received=of_flows.then(pl.col("name").is_in(RECEIVED)),
        is_sent=of_flows.then(pl.col("name").is_in(SENT)),
    )


def _in_order(frames: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    return {name: _naive(frame).sort(pl.all(), nulls_last=False) for name, frame in frames.items()}


def _wallets(wallets: pl.DataFrame) -> pl.DataFrame:
    """Wallets at level all; the sentinels of since ever and until now become null."""
    return (
        wallets.lazy()
        .pipe(conform, Wallets)
        .select(
            "chain",
            "address",
            *_open_ends(),
            exchange="exchange_all",
            role=pl.col("role_all").fill_null(""),
            confidence="confidence_all",
            known_at="known_at",
            sources="sources",
            contested="contested",
        )
        .collect()
    )


def _open_ends() -> tuple[pl.Expr, pl.Expr]:
    """valid_from and valid_to, with null for since ever and until now."""
    return (
        pl.when(pl.col("valid_from") != BEGINNING).then("valid_from").alias("valid_from"),
        pl.when(pl.col("valid_to") != END).then("valid_to").alias("valid_to"),
    )


def _naive(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col(pl.Datetime("us", "UTC")).dt.replace_time_zone(None))


def _vintage_row(vintage: Vintage) -> pl.DataFrame:
    times = {
        name: None if time is None else time.astimezone(dt.UTC).replace(tzinfo=None)
        for name, time in (("published_at", vintage.published_at), ("as_of", vintage.as_of))
    }
    row = {
        "vintage": vintage.name,
        **times,
        "simulated": vintage.simulated,
        "code_version": vintage.code_version,
        "rules_version": vintage.rules_version,
        "inputs": vintage.inputs_json(),
    }
    return pl.DataFrame([row], schema_overrides=dict.fromkeys(times, pl.Datetime("us")))
