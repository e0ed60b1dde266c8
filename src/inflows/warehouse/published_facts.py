"""The published facts of one vintage as frames, for the stages to total again: sliced, or taken apart."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
from duckdb import ColumnExpression, ConstantExpression, Expression

from inflows.contracts.names import RECEIVED
from inflows.layout import Layout
from inflows.periods import bounds
from inflows.stages.breakdown import dollars
from inflows.stages.period_coverage import period_coverage
from inflows.warehouse.query import reading, relations


@dataclass(frozen=True)
class PublishedFacts:
    """The tables of a published database, read where they are needed and no further."""

    connection: duckdb.DuckDBPyConnection

    @property
    def as_of(self) -> dt.datetime:
        """Up to when anything was known to the vintage."""
        as_of, published_at = self._vintage("as_of", "published_at")
        found = as_of or published_at
        assert isinstance(found, dt.datetime)
        return found.replace(tzinfo=dt.UTC)

    @property
    def chains(self) -> tuple[str, ...]:
        """The chains that counted for its coverage; none where an older program published it."""
        named = json.loads(str(self._vintage("inputs")[0]) or "{}").get("chains", "")
        return tuple(name for name in named.split(",") if name)

    def coverage_of(self, periods: Sequence[str]) -> pl.LazyFrame:
        """What is held of periods, as stages.period_coverage.period_coverage tells it."""
        read = self.table("rpt_coverage")
        if "coverage" not in read.columns:  # an older program had no verdict on days
            read = read.with_columns(coverage=pl.lit("missing"))
        return period_coverage(periods, read, self.as_of, self.chains)

    @property
    def simulated(self) -> bool:
        """Whether any input comes from the synthetic market."""
        return bool(self._vintage("simulated")[0])

    def _scanned(self, relation: duckdb.DuckDBPyRelation) -> pl.LazyFrame:
        """A relation as a frame that is read once, as a connection streams one result at a time."""
        rows: pl.LazyFrame = relation.pl(lazy=True)
        return rows.cache()

    def daily(self, levels: Sequence[str], period: str | None = None) -> pl.LazyFrame:
        """Daily facts (contract DailyFacts) of some levels, with asset_kind: stablecoin, other, unlisted."""
        chosen = ColumnExpression("level").isin(*map(ConstantExpression, levels))
        if period is not None:
            chosen = chosen & _within(ColumnExpression("date"), period)
        rows = self._scanned(self.connection.table("agg_flow_daily").filter(chosen))
        kinds = self.table("dim_asset").lazy().select("chain", "contract", "kind")
        stable = pl.col("kind") == "stablecoin"
        return (
            rows.join(kinds, on=["chain", "contract"], how="left", validate="m:1")
            .with_columns(
                asset_kind=pl.when(pl.col("symbol").is_null())
                .then(pl.lit("unlisted"))
                .when(stable)
                .then(pl.lit("stablecoin"))
                .otherwise(pl.lit("other"))
            )
            .drop("kind")
        )

    def flows(self, period: str, columns: Mapping[str, str]) -> pl.LazyFrame:
        """Flows of a period: their date, and the named columns of fct_flow under the names given."""
        time = ColumnExpression("block_time")
        chosen = self.connection.table("fct_flow").filter(_within(time, period))
        taken = [ColumnExpression(name).alias(alias) for alias, name in columns.items()]
        return self._scanned(chosen.select(time.cast("date").alias("date"), *taken))

    def counts_at_level_all_alone(self, period: str, flow_type: str, reason: str) -> pl.LazyFrame:
        """Daily sums of flows that are received at level all, and are not by the column `flow_type`.

        Columns as left_out of the stage wants them; flow_type is the reason.
        """
        received = tuple(map(ConstantExpression, RECEIVED))
        here = ColumnExpression(flow_type)
        chosen = (
            _within(ColumnExpression("block_time"), period)
            & ColumnExpression("flow_type_all").isin(*received)
            & (here.isnull() | here.isnotin(*received))
        )
        taken = (
            ColumnExpression("block_time").cast("date").alias("date"),
            *map(ColumnExpression, ("from_exchange", "to_exchange", "symbol", "usd")),
        )
        rows = self._scanned(self.connection.table("fct_flow").filter(chosen).select(*taken))
        return rows.with_columns(
            flow_type=pl.lit(reason), transfers=pl.lit(1), usd=pl.col("usd").fill_null(0)
        )

    def wallets(self, addresses: Sequence[str]) -> pl.DataFrame:
        """The rows of dim_wallet of some addresses."""
        if not addresses:
            return self.table("dim_wallet", ConstantExpression(False))
        return self.table("dim_wallet", ColumnExpression("address").isin(*map(ConstantExpression, addresses)))

    def contested(self, period: str, level: str) -> tuple[Decimal, int] | None:
        """Dollars and transfers received by addresses that count for no exchange, as claims disagree.

        None where the vintage does not tell, as it was published by an older program.
        """
        if "agg_contested_daily" not in relations(self.connection):
            return None
        of_level = ColumnExpression("level") == ConstantExpression(level)
        rows = self.table("agg_contested_daily", _within(ColumnExpression("date"), period) & of_level)
        return dollars(rows["inflow_usd"]), int(rows["inflow_transfers"].sum())

    def quarantined(self, period: str) -> int:
        """How many rows of a period lie in quarantine."""
        within = self.table("rpt_coverage", _within(ColumnExpression("date"), period))
        return int(within["quarantined"].fill_null(0).sum())

    def table(self, name: str, chosen: Expression | None = None) -> pl.DataFrame:
        """A small table, or the chosen rows of it."""
        relation = self.connection.table(name)
        relation = relation if chosen is None else relation.filter(chosen)
        return pl.DataFrame(relation.to_arrow_table())

    def _vintage(self, *columns: str) -> tuple[object, ...]:
        (row,) = self.connection.table("meta_vintage").select(*map(ColumnExpression, columns)).fetchall()
        return tuple(row)


@contextmanager
def published_facts(source: Layout | Path | str) -> Iterator[PublishedFacts]:
    """The facts of a published database; its frames must be collected before the block ends."""
    with reading(source) as connection:
        yield PublishedFacts(connection)


def _within(column: Expression, period: str) -> Expression:
    start, end = bounds(period)
    return (column >= ConstantExpression(start)) & (column < ConstantExpression(end))
