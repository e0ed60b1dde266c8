"""What can be asked of a data folder: totals, what stands behind them, and how publications differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from inflows.layout import Layout

Words = str | Sequence[str]
"""One name, several joined by commas, or a sequence of them."""


class Published:
    """The publications of a data folder; `DataFolder` is this and what can be done to one."""

    _layout: Layout

    def totals(
        self,
        period: str | None = None,
        jurisdiction: Words = (),
        *,
        basis: str = "licence",
        scope: str = "exchange",
        level: str | None = "base",
        grain: str | None = None,
        by: Words = (),
        vintage: str | None = None,
    ) -> pl.DataFrame:
        """What exchanges received, by jurisdiction and half-year.

        period: `2024-H1`, `2024-Q2`, `2024-03`, `2024`; all by default. jurisdiction: codes or English names.
        level None: of every level. grain: half, quarter, month, year or day, where no period is given. by:
        slices, of chain, asset, exchange, size_band and asset_kind; each adds columns to the key.

        Columns: those of `inflows totals --format json`, such as period, jurisdiction, inflow_usd,
        outflow_usd, net_usd, inflow_transfers, priced_share, coverage, partial. Rows by period, then the
        largest inflow. UsageError where nothing is published, or a name is none.

        >>> import inflows
        >>> inflows.open(market).totals("2024-H1", "HK").select("period", "jurisdiction").rows()
        [('2024-H1', 'HK')]
        """
        from inflows.periods import HALF, grain_of, period_named
        from inflows.warehouse.slices import read_slices
        from inflows.warehouse.totals import read_totals

        named = None if period is None else period_named(period)
        slices = [word.lower() for word in _words(by)]
        wanted = grain or (HALF if named is None else grain_of(named))
        half_years = not slices and wanted == HALF and (named is None or grain_of(named) == HALF)
        chosen: dict[str, Any] = {
            "period": named,
            "jurisdictions": _words(jurisdiction),
            "basis": basis,
            "scope": scope,
            "level": level,
        }
        # Half-years are published, and kept for all vintages, unlike the databases.
        if half_years:
            return read_totals(self._totals_of(vintage), **chosen)
        return read_slices(self._database_of(vintage), grain=grain, by=slices, **chosen)

    def compare(
        self,
        jurisdiction: str,
        other: str,
        period: str,
        *,
        basis: str = "licence",
        scope: str = "exchange",
        level: str = "base",
        vintage: str | None = None,
    ) -> pl.DataFrame:
        """One row: what two jurisdictions received in a period, and the ratio of the two.

        Columns: period, jurisdiction, other, basis, scope, level, inflow_usd, other_inflow_usd, ratio (null
        to an other that received nothing), inflow_ratio_on_year, other_inflow_ratio_on_year, and what is held
        of the period (coverage, partial, …).

        >>> import inflows
        >>> inflows.open(market).compare("Hong Kong", "SG", "2024-H1")["ratio"].round(2).item()
        1.97
        """
        from inflows.warehouse.pairs import compare

        return compare(self._source(period, vintage), jurisdiction, other, period, basis, scope, level)

    def explain(
        self,
        period: str,
        jurisdiction: str,
        *,
        basis: str = "licence",
        scope: str = "exchange",
        level: str = "base",
        vintage: str | None = None,
    ) -> pl.DataFrame:
        """What makes up a total: rows of the parts total, exchange, chain, asset, day, size_band, left_out
        and transaction.

        Columns: part, key, name, inflow_usd, transfers, share, … The rows of each of the parts exchange,
        chain, asset, day and size_band add up to the total, to the last digit.

        >>> import inflows
        >>> parts = inflows.open(market).explain("2024-H1", "HK")
        >>> whole = parts.filter(part="total")["inflow_usd"].item()
        >>> parts.filter(part="chain")["inflow_usd"].sum() == whole
        True
        """
        from inflows.warehouse.explain import explain

        return explain(self._database_of(vintage), period, jurisdiction, basis, scope, level)

    def sql(self, query: str, *, timeout_seconds: float = 300) -> pl.DataFrame:
        """The rows of one SELECT over the published warehouse (DuckDB), which can read nothing else.

        docs/warehouse.md names the relations. UsageError where the query cannot be run, WorkError where it
        takes too long or too much memory.

        >>> import inflows
        >>> inflows.open(market).sql("select count(*) > 0 as any_flows from fct_flow").item()
        True
        """
        from inflows.warehouse.query import query_frame

        return query_frame(self._layout, query, timeout_seconds=timeout_seconds)

    def flows(self, period: str | None = None, exchange: Words = (), *, chain: Words = ()) -> pl.DataFrame:
        """The flows behind the totals: one row a transfer that touches an exchange (relation fct_flow).

        period: its block times; exchange: on either side. Columns: chain, block_number, block_time, tx_hash,
        kind, position, contract, symbol, from_address, to_address, from_exchange, to_exchange, amount_raw
        (exact text), amount (whole coins), usd, flow_type, …, in the order of chain and block.

        >>> import inflows
        >>> sorted(inflows.open(market).flows("2024-03")["block_time"].dt.month().unique())
        [3]
        """
        from inflows.warehouse.lists import read_flows

        return read_flows(self._layout, period, _words(exchange), _words(chain))

    def wallets(self, exchange: Words = (), *, chain: Words = ()) -> pl.DataFrame:
        """The labelled wallets in force (relation dim_wallet): chain, address, exchange, role, confidence, …

        >>> import inflows
        >>> inflows.open(market).wallets("sim-harbour-hk")["exchange"].unique().to_list()
        ['sim-harbour-hk']
        """
        from inflows.warehouse.lists import read_wallets

        return read_wallets(self._layout, _words(exchange), _words(chain))

    def vintages(self) -> pl.DataFrame:
        """The publications, newest first: vintage, published_at, as_of, simulated, inputs (by name)."""
        import polars as pl

        from inflows.warehouse.vintages import read_manifests

        rows = [
            (found.name, found.published_at, found.as_of, found.simulated, found.inputs_json())
            for found in read_manifests(self._layout)
        ]
        time = pl.Datetime("us", "UTC")
        columns = {
            "vintage": pl.String(),
            "published_at": time,
            "as_of": time,
            "simulated": pl.Boolean(),
            "inputs": pl.String(),
        }
        return pl.DataFrame(rows, schema=columns, orient="row")

    def diff(
        self,
        first: str,
        second: str,
        *,
        period: str | None = None,
        jurisdiction: Words = (),
        basis: str = "licence",
        scope: str = "exchange",
        level: str = "base",
    ) -> pl.DataFrame:
        """Why the totals of two vintages differ, by cause.

        Columns: period, jurisdiction, basis, scope, level, from_usd, to_usd, change_usd and its six parts
        rules_usd, data_usd, assets_usd, labels_usd, prices_usd, jurisdictions_usd, which add up to it.
        """
        from inflows.build.diff import diff, of_period
        from inflows.warehouse.totals import choose

        changes = diff(self._layout, first, second)
        if period is not None:
            changes = of_period(changes, period)
        rows = choose(changes, period, _words(jurisdiction))
        return rows.filter(basis=basis, scope=scope, level=level)

    def export(self, folder: str | Path) -> list[Path]:
        """Write all relations as Parquet and CSV into a folder, for BI tools; returns the files."""
        from inflows.warehouse.export import export

        return export(self._layout, Path(folder))

    def _totals_of(self, vintage: str | None) -> Path:
        from inflows.warehouse.vintages import totals_path

        return self._layout.published if vintage is None else totals_path(self._layout, vintage)

    def _database_of(self, vintage: str | None) -> Path:
        from inflows.warehouse.vintages import database_path

        return self._layout.published if vintage is None else database_path(self._layout, vintage)

    def _source(self, period: str, vintage: str | None) -> Path:
        """Where the totals of a period stand: half-years are kept for all vintages."""
        from inflows.periods import HALF, grain_of, period_named

        half = grain_of(period_named(period)) == HALF
        return self._totals_of(vintage) if half else self._database_of(vintage)


def _words(given: Words) -> tuple[str, ...]:
    """Names given one by one, or in one text with commas."""
    texts = [given] if isinstance(given, str) else given
    return tuple(word.strip() for text in texts for word in text.split(",") if word.strip())
