"""What must hold between the rows of one import, and between them and the registry."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl

from inflows.contracts.schema import UTC_TIME
from inflows.registry.problems import FILE, LINE, PLACE, Problems
from inflows.registry.tables import LABELS, Table
from inflows.times import BEGINNING, END

_NANO = 1_000_000_000  # weights have at most 9 decimals


def repeated_keys(rows: pl.DataFrame, table: Table, problems: Problems) -> None:
    """Two rows known since the same instant must not say different things of one key."""
    held = [*table.key, "known_at"]
    distinct = rows.select(table.columns).unique()
    clashing_keys = distinct.filter(pl.struct(held).is_duplicated())
    if clashing_keys.is_empty():
        return
    clashing = rows.join(clashing_keys.select(held).unique(), on=held, how="semi", nulls_equal=True)
    first = [pl.col(name).first().over(held).alias(f"first:{name}") for name in (*PLACE, *table.content)]
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"first:{name}")) for name in table.content)
    for row in clashing.sort(*PLACE).with_columns(first).filter(differs).iter_rows(named=True):
        place = problems.place(row[f"first:{FILE}"], row[f"first:{LINE}"])
        key = ", ".join(table.key)
        problems.add_line(row[FILE], row[LINE], f"has the key ({key}) of {place} with other contents")


def overlapping_owners(rows: pl.DataFrame, problems: Problems) -> None:
    """In one import of labels, an address has one exchange at a time."""
    # Of several versions of one key, the last known counts.
    spans = (
        rows.sort("known_at", nulls_last=False, maintain_order=True)
        .unique(subset=LABELS.key, keep="last", maintain_order=True)
        .select(
            *PLACE,
            "chain",
            "address",
            "exchange",
            pl.col("valid_from").fill_null(pl.lit(BEGINNING, dtype=UTC_TIME)),
            pl.col("valid_to").fill_null(pl.lit(END, dtype=UTC_TIME)),
        )
    )
    shared = spans.filter(pl.col("exchange").n_unique().over("chain", "address") > 1)
    order = ["chain", "address", "valid_from", *PLACE]
    for _, group in shared.sort(order).group_by("chain", "address", maintain_order=True):
        _tell_overlaps(group, problems)


def _tell_overlaps(spans: pl.DataFrame, problems: Problems) -> None:
    """Sweep the spans of one address, by beginning, against the longest so far of each other exchange."""
    longest: dict[str, tuple[dt.datetime, int, int]] = {}
    for row in spans.iter_rows(named=True):
        for exchange, (until, file, line) in longest.items():
            if exchange != row["exchange"] and row["valid_from"] < until:
                place, other = (file, line), (row[FILE], row[LINE])
                own = row["exchange"]
                if place > other:  # the later line is the one told
                    place, other, exchange, own = other, place, own, exchange
                where = problems.place(*place)
                problems.add_line(
                    *other,
                    f"address '{row['address']}' belongs to '{own}' here and to '{exchange}' in {where}, "
                    "at the same time",
                )
                break
        reach = (row["valid_to"], row[FILE], row[LINE])
        longest[row["exchange"]] = max(longest.get(row["exchange"], reach), reach)


def excessive_weights(effective: pl.LazyFrame, touched: pl.DataFrame) -> list[str]:
    """Sentences on every exchange and basis (of those `touched`) whose weights exceed 1 on some day.

    `effective` holds the jurisdictions as they will be after the import. The first such day is named.
    """
    pair = ["exchange", "basis"]
    nano = (pl.col("weight") * _NANO).cast(pl.Int64)
    held = effective.join(touched.lazy().select(pair).unique(), on=pair, how="semi")
    begins = held.select(*pair, pl.col("valid_from").fill_null(dt.date.min).alias("day"), nano.alias("step"))
    ends = held.filter(pl.col("valid_to").is_not_null()).select(
        *pair, pl.col("valid_to").alias("day"), (-nano).alias("step")
    )
    sums = (
        pl.concat([begins, ends])
        .group_by(*pair, "day")
        .agg(pl.col("step").sum())
        .sort(*pair, "day")
        .with_columns(pl.col("step").cum_sum().over(pair).alias("nano"))
        .filter(pl.col("nano") > _NANO)
        .group_by(pair, maintain_order=True)
        .first()
        .collect()
    )
    return [
        f"{exchange}, basis {basis}, {'since ever' if day == dt.date.min else day}: the weights sum to "
        f"{Decimal(nano) / _NANO:f}"
        for exchange, basis, day, _, nano in sums.rows()
    ]
