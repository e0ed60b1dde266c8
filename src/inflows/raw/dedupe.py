"""Exact duplicates by key become one row. Nearly all rows are done with that; the others differ somewhere."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


def dedupe(rows: pl.DataFrame, key: Sequence[str], flags: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row for each key whose rows are equal in all columns; and the rows of keys whose rows differ.

    flags: boolean columns that are not compared, but or-ed where rows become one. Columns have no nulls.

    Grouping by long texts is slow. So rows are put side by side by a hash of their key, and each is compared
    with the one before it: keys that share a hash differ, and are among those that differ.
    """
    hashed = rows.select(
        pl.sum_horizontal(
            pl.col(name).hash(seed) * pl.lit(2 * seed + 1, dtype=pl.UInt64) for seed, name in enumerate(key)
        ).alias("hash")
    ).to_series()
    if hashed.n_unique() == rows.height:
        return rows, rows.clear()
    rows = rows.rechunk()  # taking rows of one chunk is far faster than of several
    places = hashed.arg_sort()
    hashed = hashed.gather(places)
    again = (hashed == hashed.shift()).fill_null(False)
    single = ~again & ~again.shift(-1, fill_value=False)
    repeated = _groups(rows, places, again, flags).filter(~single)
    groups = repeated.group_by("group").agg(
        pl.col("place").min(), pl.col("equal").all(), *(pl.col(name).any() for name in flags)
    )
    one = groups.filter("equal")
    rows = rows.with_columns(rows[name].scatter(one["place"], one[name]) for name in flags)
    once = pl.concat([places.filter(single), one["place"]]).sort()
    other = repeated.join(groups.filter(~pl.col("equal")), on="group", how="semi")["place"].sort()
    return rows[once], rows[other]


def _groups(rows: pl.DataFrame, places: pl.Series, again: pl.Series, flags: Sequence[str]) -> pl.DataFrame:
    """Columns group, place, equal (as the row before it in its group) and the flags; a row for each place."""
    here = again.arg_true()
    second, first = places.gather(here), places.gather(here - 1)
    same = pl.repeat(True, here.len(), dtype=pl.Boolean, eager=True)
    for name in rows.columns:
        if name not in flags:
            same &= rows[name].gather(second) == rows[name].gather(first)
    equal = pl.repeat(True, rows.height, dtype=pl.Boolean, eager=True).scatter(here, same)
    return pl.DataFrame(
        {
            "group": (~again).cum_sum(),
            "place": places,
            "equal": equal,
            **{name: rows[name].gather(places) for name in flags},
        }
    )
