"""What imports of lists could not use, and the counts of each list, as its last import left them.

On disk: registry/quarantine/labels.parquet (QUARANTINE) and registry/quarantine/label_lists.parquet (LISTS).
A list that is imported again replaces its rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import polars as pl

from inflows.files import write_parquet
from inflows.labels.validate import QUARANTINED, SKIPPED, SOUND
from inflows.layout import Layout

QUARANTINE: Final = {
    "source": pl.String(),
    "list": pl.String(),
    "entry": pl.String(),
    "chain": pl.String(),
    "address": pl.String(),
    "name": pl.String(),
    "exchange": pl.String(),
    "label": pl.String(),
    "reason": pl.String(),
}
"""A claim that is not believed: where it stands, what it says, and the reason."""
LISTS: Final = {
    "source": pl.String(),
    "list": pl.String(),
    "chain": pl.String(),
    "claims": pl.Int64(),
    "imported": pl.Int64(),
    "repeated": pl.Int64(),
    "quarantined": pl.Int64(),
    "skipped": pl.Int64(),
    "untested": pl.Int64(),
}
"""Counts of a list's claims about one chain; untested ones are among the imported."""


def quarantined(layout: Layout) -> pl.DataFrame:
    """The claims in quarantine (QUARANTINE), by source, list and address."""
    return _read(_path(layout, "labels"), QUARANTINE)


def lists(layout: Layout) -> pl.DataFrame:
    """The counts of each list at its last import (LISTS), by source, list and chain."""
    return _read(_path(layout, "label_lists"), LISTS)


def worthless_lists(told: pl.DataFrame) -> pl.DataFrame:
    """Of LISTS, those of which every claim failed its test: findings of their own."""
    judged = pl.col("claims") - pl.col("skipped")
    return told.filter(pl.col("quarantined") == judged, judged > 0)


def keep(layout: Layout, validated: pl.DataFrame) -> pl.DataFrame:
    """Quarantine what an import refused, in place of what was there of its lists; gives its LISTS.

    validated: what validate.validate_together makes. The caller holds files.writing(layout).
    """
    lists = count_lists(validated)
    held = validated.filter(pl.col("verdict") == QUARANTINED).select(*QUARANTINE)
    touched = lists.select("source", "list").unique()
    for name, schema, rows in (("labels", QUARANTINE, held), ("label_lists", LISTS, lists)):
        path = _path(layout, name)
        others = _read(path, schema).join(touched, on=["source", "list"], how="anti")
        after = pl.concat([others, rows.select(*schema)]).sort(list(schema))
        if path.exists() or not after.is_empty():
            write_parquet(after, path)
    return lists


def count_lists(validated: pl.DataFrame) -> pl.DataFrame:
    """LISTS of what an import validated."""
    sound = (pl.col("verdict") == SOUND) & ~pl.col("repeated")
    return (
        validated.group_by("source", "list", "chain")
        .agg(
            claims=pl.len(),
            imported=sound.sum(),
            repeated=pl.col("repeated").sum(),
            quarantined=(pl.col("verdict") == QUARANTINED).sum(),
            skipped=(pl.col("verdict") == SKIPPED).sum(),
            untested=(sound & ~pl.col("tested")).sum(),
        )
        .select(pl.col(name).cast(kind) for name, kind in LISTS.items())
        .sort("source", "list", "chain")
    )


def _path(layout: Layout, name: str) -> Path:
    return layout.registry / "quarantine" / f"{name}.parquet"


def _read(path: Path, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    if not path.exists():
        return pl.DataFrame(schema=schema)
    return pl.read_parquet(path, hive_partitioning=False).select(*schema)
