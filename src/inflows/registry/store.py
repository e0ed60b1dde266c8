"""The registry on disk: scan a table's files, plan what an import adds, append it as one new file."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from inflows.contracts.schema import UTC_TIME, conform, dtypes, empty
from inflows.files import write_parquet
from inflows.layout import Layout
from inflows.registry.tables import Table, in_utc

SEQUENCE: Final = "_sequence"
"""The place of a row among all that were ever stored in its table: later files have higher numbers."""

_FILE_NAME: Final = re.compile(r"\d{6}\.parquet")


@dataclass(frozen=True)
class Imported:
    """What an import did. `known_at` went to rows that carried none (null: since ever)."""

    table: str
    read: int
    added: int
    unchanged: int
    replaced: int
    known_at: dt.datetime | None
    renamed: int = 0
    """Rows that name a chain or an exchange by another name than the one that is stored."""

    def sentence(self) -> str:
        """The closing line that users see."""
        since = "since ever" if self.known_at is None else f"from {self.known_at:%Y-%m-%dT%H:%M:%SZ} on"
        counts = f"{self.added:,} added, {self.replaced:,} replaced, {self.unchanged:,} unchanged"
        tail = f" (known {since}, unless the row says when)" if self.added or self.replaced else ""
        renamed = f"; {self.renamed:,} under another name of their chain or exchange" if self.renamed else ""
        return f"{self.table}: {self.read:,} rows read, {counts}{tail}{renamed}."


@dataclass(frozen=True)
class Addition:
    """The rows that an import would add to a table, sorted by key, and how many of them replace another."""

    table: Table
    rows: pl.DataFrame
    replaced: int


def files_of(layout: Layout, table: Table) -> list[Path]:
    """The files of a table, in the order in which they were stored."""
    folder = layout.registry / table.name
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _FILE_NAME.fullmatch(path.name))


def scan(layout: Layout, table: Table) -> pl.LazyFrame:
    """All rows ever stored: the contract's columns and SEQUENCE."""
    files = files_of(layout, table)
    if not files:
        return empty(table.schema).with_columns(pl.lit(None, dtype=pl.Int64).alias(SEQUENCE))
    stored = pl.scan_parquet(
        files,
        schema=dtypes(table.schema),
        # Notes came to the contracts later than the first files.
        missing_columns="insert" if table.notes else "raise",
        row_index_name=SEQUENCE,
        hive_partitioning=False,
    )
    return stored.select(
        *(pl.col(name).fill_null("") if name in table.notes else pl.col(name) for name in table.columns),
        pl.col(SEQUENCE).cast(pl.Int64),
    )


def default_known_at(
    layout: Layout, table: Table, known_at: dt.datetime | None, now: dt.datetime
) -> dt.datetime | None:
    """Since when rows that do not say are known: as the import says; else now, the baseline since ever."""
    if known_at is not None:
        return in_utc(known_at)
    return None if table.has_baseline and not files_of(layout, table) else in_utc(now)


def plan(layout: Layout, table: Table, rows: pl.DataFrame) -> Addition:
    """What of `rows` (the contract's columns, known_at settled) says something new about its key.

    A row is new unless the row that holds for its key at its known_at has the same content already. Rows of
    one key and known_at must agree, but for notes; the caller checks that.
    """
    new = conform(rows.lazy(), table.schema)
    stored = scan(layout, table).join(new.select(table.key), on=table.key, how="semi", nulls_equal=True)
    # After sorting, the row that holds for a key at a row's known_at is the one just before it.
    ordered = pl.concat(
        [
            stored.with_columns(pl.lit(False).alias("_new")),
            new.with_columns(
                pl.lit(None, dtype=pl.Int64).alias(SEQUENCE),
                pl.lit(True).alias("_new"),
            ),
        ]
    ).sort(*table.key, "known_at", "_new", SEQUENCE, *table.notes)
    follows = _same_as_before(table.key)
    kept = (
        ordered.with_columns(follows.alias("_follows"), _same_as_before(table.content).alias("_same"))
        .filter(pl.col("_new") & ~(pl.col("_follows") & pl.col("_same")))
        .collect()
    )
    return Addition(table, kept.select(table.columns), int(kept["_follows"].sum()))


def write(layout: Layout, addition: Addition) -> Path | None:
    """Store the rows of an addition as the table's next file; nothing is written for no rows."""
    if addition.rows.is_empty():
        return None
    files = files_of(layout, addition.table)
    number = int(files[-1].stem) + 1 if files else 1
    path = layout.registry / addition.table.name / f"{number:06d}.parquet"
    write_parquet(addition.rows, path)
    return path


def append(
    layout: Layout, table: Table, rows: pl.DataFrame, *, known_at: dt.datetime | None, now: dt.datetime
) -> Imported:
    """Append sound rows that came from another source (the contract's columns, notes optional); see `plan`
    and `default_known_at`. The caller holds files.writing(layout) and vouches for the rows.
    """
    default = default_known_at(layout, table, known_at, now)
    notes = [pl.lit("").alias(name) for name in table.notes if name not in rows.columns]
    settled = rows.with_columns(
        *notes, pl.col("known_at").cast(UTC_TIME).fill_null(pl.lit(default, dtype=UTC_TIME))
    )
    addition = plan(layout, table, settled)
    write(layout, addition)
    return report(addition, rows.height, default)


def report(addition: Addition, read: int, known_at: dt.datetime | None) -> Imported:
    """The report of an addition: what was read and not added says nothing new."""
    stored = addition.rows.height
    return Imported(
        table=addition.table.name,
        read=read,
        added=stored - addition.replaced,
        unchanged=read - stored,
        replaced=addition.replaced,
        known_at=known_at,
    )


def _same_as_before(columns: tuple[str, ...]) -> pl.Expr:
    """Whether a row equals the row before it in these columns; the first row of all equals none."""
    equal = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in columns)
    return equal & (pl.int_range(pl.len()) > 0)
