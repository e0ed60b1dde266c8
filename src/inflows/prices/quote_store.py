"""Quotes into the registry of prices: judged, valued in dollars, laid on assets, appended.

The rows go through the checks of the own format for prices and into the one registry; nothing else is written
but the quarantine (raw/quarantine/dataset=prices) and the licences of the sources at hand
(registry/price_sources.csv). The caller holds files.writing(layout).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import Counter
from typing import Final

import polars as pl

from inflows.contracts.raw import Quarantine
from inflows.contracts.schema import PRICE, UTC_TIME, conform
from inflows.errors import UsageError
from inflows.files import write_parquet, write_text
from inflows.layout import Layout
from inflows.prices.catalogue import Licence, licences, of_source
from inflows.prices.dollars import AT_PAR, USDT_ON_ETHEREUM, in_dollars
from inflows.prices.klines import missing_klines
from inflows.prices.price_report import PricesReport
from inflows.prices.quotes import SET_ASIDE
from inflows.prices.validate import quarantined, sound, validate_quotes
from inflows.raw.quarantine import as_set
from inflows.registry import effective, store
from inflows.registry.own_formats import own_format
from inflows.registry.parsing import parse
from inflows.registry.problems import PLACE
from inflows.registry.store import Imported
from inflows.registry.tables import PRICES

_AROUND: Final = dt.timedelta(days=30)
_KEY: Final = ["chain", "contract", "time"]


def store_quotes(
    layout: Layout,
    source: str,
    quotes: pl.DataFrame,
    ids: pl.DataFrame,
    *,
    known_at: dt.datetime | None,
    now: dt.datetime,
    within: tuple[dt.datetime, dt.datetime] | None = None,
) -> PricesReport:
    """Store the quotes of one source (prices.quotes.QUOTES) and say what became of each.

    ids: catalogue.price_ids. within: see klines.missing_klines.
    """
    own = of_source(ids, source)
    is_known = pl.col("source_id").is_in(own["source_id"].unique().to_list())
    known, unknown = quotes.filter(is_known), quotes.filter(~is_known)
    reference = _reference(layout, source, known, own, now)
    judged = validate_quotes(known.lazy(), reference.lazy(), now).collect()
    laid, left = _lay_on_assets(sound(judged), own)
    rates = _tether_rates(layout, known_at or now)
    rows = in_dollars(laid.lazy(), rates.lazy(), source).collect()
    unfit = rows.filter(pl.col("price_usd").is_null()).unique(["source_id", "time"])
    beyond = sound(judged).join(unfit, on=["source_id", "time"], how="semi")
    bad = pl.concat([quarantined(judged), beyond.with_columns(fault=pl.lit("too_large"))])
    _write_quarantine(layout, bad)
    imported = _append(layout, rows.drop_nulls("price_usd"), known_at, now)
    _write_licences(layout, rows["source"].unique().to_list())
    of_quotes = rows.drop_nulls("price_usd").unique(["source_id", "time"])
    tether = of_quotes.filter(pl.col("_in_tether"))
    at_par = tether.filter(pl.col("source").str.starts_with(AT_PAR)).height
    aside = Counter(
        {name: count for name, count in _counts(judged, "fault").items() if name in SET_ASIDE}
    ) + Counter({"not_the_asset_then": left})
    return PricesReport(
        licence=licences()[source],
        quotes_read=quotes.height,
        quotes_stored=of_quotes.height,
        imported=imported,
        quarantined=_counts(bad, "fault"),
        set_aside=aside,
        unknown_ids=_counts(unknown, "source_id"),
        gaps=missing_klines(known, within),
        in_tether=tether.height - at_par,
        at_par=at_par,
    )


def _counts(frame: pl.DataFrame, column: str) -> Counter[str]:
    counted = frame.drop_nulls(column).group_by(column).len().sort(column)
    return Counter(dict(counted.iter_rows()))


def _reference(
    layout: Layout, source: str, quotes: pl.DataFrame, ids: pl.DataFrame, now: dt.datetime
) -> pl.DataFrame:
    """What the registry quotes for the assets of these ids around the same time, from other deliveries.

    One asset stands for all of an id's, as they have the same prices.
    """
    times = quotes["time"].drop_nulls()
    assets = ids.unique("source_id", keep="first", maintain_order=True).select(
        "source_id", "chain", "contract"
    )
    if times.is_empty():
        return pl.DataFrame(schema={"source_id": pl.String, "time": UTC_TIME, "value": PRICE})
    first, last = times.min(), times.max()
    assert isinstance(first, dt.datetime)
    assert isinstance(last, dt.datetime)
    reach = pl.col("time").is_between(_before(first), _after(last))
    # A quote that is delivered again must not vouch for itself.
    own = pl.col("source").is_in([source, AT_PAR + source])
    known = effective.latest(store.scan(layout, PRICES), PRICES, now).filter(reach)
    placed = known.join(assets.lazy(), on=["chain", "contract"], how="inner")
    again = placed.filter(own).join(
        quotes.lazy().select("source_id", "time"), on=["source_id", "time"], how="anti"
    )
    found = pl.concat([placed.filter(~own), again])
    return found.select("source_id", "time", pl.col("price_usd").alias("value")).sort(pl.all()).collect()


def _before(moment: dt.datetime) -> dt.datetime:
    return max(moment, dt.datetime(1, 3, 1, tzinfo=dt.UTC)) - _AROUND


def _after(moment: dt.datetime) -> dt.datetime:
    return min(moment, dt.datetime(9999, 1, 1, tzinfo=dt.UTC)) + _AROUND


def _tether_rates(layout: Layout, as_of: dt.datetime) -> pl.DataFrame:
    chain, contract = USDT_ON_ETHEREUM
    quotes = effective.prices(layout, as_of).filter(
        pl.col("chain") == chain, pl.col("contract") == contract, ~pl.col("source").str.starts_with(AT_PAR)
    )
    return quotes.select("time", "price_usd").collect()


def _lay_on_assets(quotes: pl.DataFrame, ids: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """The quotes, once for each asset that their id stood for at that time, and how many stood for none."""
    laid = quotes.join(ids.drop("source"), on="source_id", how="inner").filter(
        pl.col("time") >= pl.col("valid_from"), pl.col("time") < pl.col("valid_to")
    )
    rows = laid.select(
        "source_id", *_KEY, "value", "quote", (pl.col("quote") == "USDT").alias("_in_tether")
    ).sort("source_id", *_KEY)
    return rows, quotes.height - rows.select("source_id", "time").n_unique()


def _append(layout: Layout, rows: pl.DataFrame, known_at: dt.datetime | None, now: dt.datetime) -> Imported:
    """Through the checks of the own format, into the registry."""
    form = own_format(PRICES)
    text = rows.sort("source", *_KEY).select(
        pl.lit(0, dtype=pl.UInt32).alias("_file"),
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("_line"),
        "chain",
        pl.when(pl.col("contract") != "").then("contract").alias("contract"),
        pl.col("time").dt.to_string("%Y-%m-%dT%H:%M:%S%.fZ"),
        pl.col("price_usd").cast(pl.String),
        "source",
        pl.lit(None, dtype=pl.String).alias("known_at"),
    )
    typed, problems = parse(text.select(*PLACE, *(column.name for column in form.columns)), form)
    if not problems.is_empty():
        raise UsageError(
            f"A quote cannot be stored, so nothing was: {problems['problem'][0]}.", "Check the file of ids."
        )
    return store.append(layout, PRICES, typed.select(PRICES.columns), known_at=known_at, now=now)


def _write_quarantine(layout: Layout, bad: pl.DataFrame) -> None:
    """Add rows to the quarantine, by the day of the quote; a row that lies there already is no second one."""
    if bad.is_empty():
        return
    rows = bad.select(
        pl.lit("prices").alias("dataset"),
        pl.lit("unknown").alias("chain"),
        pl.col("time").dt.strftime("%Y-%m-%d").fill_null("unknown").alias("date"),
        pl.col("fault").alias("reason"),
        pl.struct("source_id", pl.col("row").alias("as_delivered")).struct.json_encode().alias("row"),
        "origin",
    )
    for (date,), part in rows.group_by("date", maintain_order=True):
        path = layout.quarantine_partition("prices", "unknown", str(date))
        parts = [conform(part.lazy(), Quarantine)]
        if path.exists():
            parts.append(conform(pl.read_parquet(path, hive_partitioning=False).lazy(), Quarantine))
        write_parquet(as_set(pl.concat(parts)).collect(), path)


def _write_licences(layout: Layout, sources: list[str]) -> None:
    """Keep beside the registry's tables under which licence each source at hand gives its quotes."""
    path = layout.registry / "price_sources.csv"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    held = {row["source"]: Licence(**row) for row in csv.DictReader(io.StringIO(text))}
    held |= {source: licences()[source] for source in sources}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(Licence._fields)
    writer.writerows(held[source] for source in sorted(held))
    if held and out.getvalue() != text:
        write_text(out.getvalue(), path)
