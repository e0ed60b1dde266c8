"""The door for notebooks: one data folder, and what can be asked of it.

    import inflows

    folder = inflows.open("data")
    folder.totals("2024-H1", ["HK", "SG"])

Frames have the columns that the command line prints as JSON, under the same names: dollars are Decimal and
end in `_usd`, instants are in UTC. The options of the commands are keywords. Errors are those of
`inflows.errors`, each with a hint.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from inflows.build.steps import Built
    from inflows.layout import Layout
    from inflows.raw.ingest_report import IngestReport
    from inflows.settings import Settings

Words = str | Sequence[str]
"""One name, several joined by commas, or a sequence of them."""


def open_data_folder(data: str | Path | None = None) -> DataFolder:
    """What `inflows.open` gives."""
    from inflows.settings import load_settings

    return DataFolder(load_settings(None if data is None else Path(data)))


class DataFolder:
    """One data folder: ask it for totals and what stands behind them, ingest into it, build it.

    basis (licence, headquarters, traffic), scope (exchange, jurisdiction, market) and level (strict, base,
    all) choose a set of totals; docs/totals.md says what they mean. vintage names an earlier publication.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __repr__(self) -> str:
        return f"<inflows data folder {str(self.path)!r}>"

    @property
    def path(self) -> Path:
        """Where the folder lies."""
        return self._layout.root

    @property
    def _layout(self) -> Layout:
        return self._settings.layout

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
        from inflows.build.diff import diff
        from inflows.warehouse.totals import choose

        rows = choose(diff(self._layout, first, second), period, _words(jurisdiction))
        return rows.filter(basis=basis, scope=scope, level=level)

    def ingest(
        self,
        paths: Words,
        input_format: str,
        *,
        chain: str | None = None,
        blocks: str | None = None,
        replace: bool = False,
    ) -> IngestReport:
        """Read recorded transfers or UTXO entries from files, as `inflows ingest files` does.

        paths: files, folders, globs or s3:// addresses. input_format: docs/sources.md lists them. Returns the
        counts; `.sentence()` tells them. UsageError (nothing stored) where a file cannot be read, WorkError
        where more than half of its rows lie in quarantine.
        """
        from inflows import files
        from inflows.sources import ingest_files

        with files.writing(self._layout):
            # Paths are not split at commas: a file's name may hold one.
            listed = [paths] if isinstance(paths, str) else list(paths)
            report = ingest_files(
                self._layout, listed, input_format, chain=chain, blocks=blocks, replace=replace
            )
        report.raise_if_misread()
        return report

    def import_labels(self, path: str | Path, input_format: str = "inflows") -> str:
        """Import claims about who owns addresses; returns the closing line.

        input_format: `inflows`, or a public list's (docs/labels.md). UsageError where a row of our own format
        is wrong: nothing is stored then.
        """
        from inflows import files
        from inflows.labels.import_lists import import_labels_of

        if input_format == "inflows":
            return self._import("labels", path)
        now = dt.datetime.now(dt.UTC)
        with files.writing(self._layout):
            return import_labels_of(self._layout, Path(path), input_format, known_at=None, now=now).sentence()

    def import_assets(self, path: str | Path) -> str:
        """Import listed assets; returns the closing line."""
        return self._import("assets", path)

    def import_prices(self, path: str | Path) -> str:
        """Import quotes of the own format; returns the closing line."""
        return self._import("prices", path)

    def import_jurisdictions(self, path: str | Path) -> str:
        """Import weights of exchanges in jurisdictions; returns the closing line."""
        return self._import("jurisdictions", path)

    def build(self, as_of: dt.datetime | None = None) -> Built:
        """Make flows and totals of what is stored, and publish them as a new vintage.

        as_of: as things were known at that instant (with a zone). Returns the vintage's name, its database,
        counts and notes. What has not changed is not computed again.
        """
        from inflows.build import steps
        from inflows.errors import UsageError

        now = dt.datetime.now(dt.UTC)
        if as_of is not None and as_of.tzinfo is None:
            raise UsageError("as_of has no time zone.", "Give it in UTC: datetime(…, tzinfo=UTC).")
        return steps.build(self._settings, as_of=as_of, now=now)

    def export(self, folder: str | Path) -> list[Path]:
        """Write all relations as Parquet and CSV into a folder, for BI tools; returns the files."""
        from inflows.warehouse.export import export

        return export(self._layout, Path(folder))

    def _import(self, table: str, path: str | Path) -> str:
        from inflows import files
        from inflows.registry import imports

        with files.writing(self._layout):
            done: imports.Imported = getattr(imports, f"import_{table}")(
                self._layout, Path(path), now=dt.datetime.now(dt.UTC)
            )
        return done.sentence()

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
